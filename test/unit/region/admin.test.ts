import { DescribeVpcsCommand, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMachineHost } from '../../../packages/aws-simulator/src/machine/host.js';
import type { CallEntry } from '../../../packages/aws-simulator/src/record.js';
import { launchOne, reaches } from './ec2/launch-one.js';
import { startTestRegion, type TestRegion } from './local-region.js';

const TAGS = { 'keelson:cluster': 'shop', 'keelson:uid': 'u-1', 'keelson:slot': 'server-0', 'keelson:generation': '1' };

describe("the simulator's admin API", () => {
  let region: TestRegion;
  const heard: string[] = [];

  beforeEach(async () => {
    heard.length = 0;
    const onCall = (moment: string, { action, status }: CallEntry) => void heard.push(`${moment} ${action} ${status}`);
    region = await startTestRegion({ onCall });
  });
  afterEach(() => region.close());

  it('records every call, without user data', async () => {
    // Prepare
    const UserData = Buffer.from('#!/bin/sh\necho K10secret\n').toString('base64');
    await launchOne(region, TAGS, { UserData });
    await region
      .ec2Client()
      .send(new RunInstancesCommand({ ImageId: 'x', MinCount: 1, MaxCount: 1 }))
      .catch(() => null);
    await region
      .s3Client('us-east-1')
      .send(new PutObjectCommand({ Bucket: 'none', Key: 'k', Body: 'b' }))
      .catch(() => null);

    // Act
    const record = (await region.get('/_region/record')) as {
      calls: CallEntry[];
      launches: unknown[];
      spans: unknown[];
    };

    // Assess
    expect(record.calls.map(({ action, status, code, region: name }) => [action, status, code, name])).toEqual([
      ['DescribeImages', 200, null, 'eu-west-1'],
      ['RunInstances', 200, null, 'eu-west-1'],
      ['RunInstances', 400, 'InvalidAMIID.Malformed', 'eu-west-1'],
      ['PutObject', 404, 'NoSuchBucket', 'us-east-1'],
    ]);
    expect(record.calls[1]?.params).toMatchObject({
      InstanceType: 't3.small',
      UserData: `(${UserData.length} characters)`,
    });
    expect(JSON.stringify(record)).not.toContain(UserData);
    expect(record.launches).toHaveLength(1);
    expect(record.spans.length).toBeGreaterThan(0);
    expect(heard.slice(0, 2)).toEqual(['before DescribeImages null', 'after DescribeImages 200']);
  });

  it('finds what is left of a cluster, until nothing is', async () => {
    // Prepare
    const id = await launchOne(region, TAGS);
    await launchOne(region, { ...TAGS, 'keelson:cluster': 'other', 'keelson:uid': 'u-2' });
    await region
      .s3Client()
      .send(new PutObjectCommand({ Bucket: 'keelson-test', Key: 'clusters/shop/status.yaml', Body: '' }));

    // Act
    const before = await region.get('/_region/leftovers?cluster=shop');
    await region.post(`/_region/instances/${id}/terminate`);
    await reaches(region, id, 'terminated');
    const after = await region.get('/_region/leftovers?cluster=shop&uid=u-1');
    const everything = await region.get('/_region/leftovers');

    // Assess
    expect(before).toMatchObject({ instances: [{ id }], keys: ['keelson-test/clusters/shop/status.yaml'], total: 2 });
    expect(after).toMatchObject({ instances: [], total: 1 });
    expect(everything).toMatchObject({ instances: [{ tags: { 'keelson:cluster': 'other' } }], total: 2 });
  });

  it('sees a slot whose generation was launched twice', async () => {
    // Prepare
    const ids = [await launchOne(region, TAGS), await launchOne(region, TAGS)];
    await launchOne(region, { ...TAGS, 'keelson:generation': '2' });

    // Act
    const duplicates = await region.get('/_region/duplicates');

    // Assess
    expect(duplicates).toEqual([{ cluster: 'shop', uid: 'u-1', slot: 'server-0', generation: '1', instanceIds: ids }]);
  });

  it('sees a slot that was launched with others, and alone', async () => {
    // Prepare: workers-1 and workers-3 by one call, then workers-3
    await launchOne(region, { ...TAGS, 'keelson:slot': 'workers-1+2' }, { MinCount: 2, MaxCount: 2 });
    const alone = await launchOne(region, { ...TAGS, 'keelson:slot': 'workers-3' });

    // Act
    const duplicates = await region.get('/_region/duplicates');

    // Assess
    expect(duplicates).toMatchObject([
      { slot: 'workers-3', generation: '1', instanceIds: [expect.any(String), alone] },
    ]);
  });

  it('computes the critical path of a cluster', async () => {
    // Prepare
    await launchOne(region, TAGS);

    // Act
    const path = await region.get('/_region/critical-path?cluster=shop');
    const later = await region.get('/_region/critical-path?cluster=shop&since=2100-01-01T00:00:00Z');

    // Assess
    expect(path).toMatchObject({
      seconds: 0.012,
      chain: [
        { kind: 'run', ms: 2 },
        { kind: 'launch', ms: 10 },
      ],
    });
    expect(later).toEqual({ seconds: 0, chain: [] });
  });

  it('takes fault plans while it runs, and removes them', async () => {
    // Prepare
    const ask = () => region.ec2Client().send(new DescribeVpcsCommand({}));
    const error = { code: 'UnauthorizedOperation', status: 403, message: 'You are not authorized.' };
    await region.post('/_region/faults', { action: 'DescribeVpcs', error });

    // Act and assess
    await expect(ask()).rejects.toMatchObject({ name: 'UnauthorizedOperation', message: 'You are not authorized.' });
    expect(await region.get('/_region/faults')).toMatchObject([{ fired: 1 }]);
    await fetch(`${region.url}/_region/faults`, { method: 'DELETE' });
    await expect(ask()).resolves.toBeDefined();
    const wrong = await region.post('/_region/faults', { nonsense: true });
    expect(wrong.status).toBe(400);
  });

  it('throttles with a bucket, and cuts connections', async () => {
    // Prepare
    const ask = () => region.ec2Client().send(new DescribeVpcsCommand({}));
    await region.post('/_region/faults', { service: 'ec2', bucket: { size: 1, refill: 0 }, times: 1 });
    await region.post('/_region/faults', { service: 'ec2', nth: 3, cut: true });

    // Act and assess
    await expect(ask()).resolves.toBeDefined();
    await expect(ask()).rejects.toMatchObject({ name: 'RequestLimitExceeded', $metadata: { httpStatusCode: 503 } });
    await expect(ask()).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(region.world.record.calls.map(({ status }) => status)).toEqual([200, 503, 0]);
  });

  it('takes what goes wrong on a machine, and nodes without one', async () => {
    // Prepare
    await region.close();
    region = await startTestRegion({ createHost: createMachineHost });
    const id = await launchOne(region, TAGS);

    // Act
    const tampered = await region.post(`/_region/machines/${id}`, { tags: { 'keelson:slot': 'server-9' } });
    const misspelt = await region.post(`/_region/machines/${id}`, { tag: null });
    const unknown = await region.post('/_region/machines/i-00000000', {});
    const staleNode = await region.post('/_region/stale-nodes', {
      cluster: 'shop',
      nodeName: 'shop-server-0-g0',
      server: true,
    });

    // Assess
    expect([tampered, misspelt, unknown, staleNode].map(({ status }) => status)).toEqual([200, 400, 404, 404]);
    expect(await tampered.json()).toEqual({ id });
    expect(await staleNode.json()).toEqual({ error: 'no server of cluster shop runs K3s' });
    expect(region.world.instances.get(id)?.tags['keelson:slot']).toBe('server-9');
  });

  it('reports what it is, and refuses what it has not', async () => {
    expect(await region.get('/_region/')).toMatchObject({ profile: 'fast', regions: ['eu-west-1', 'us-east-1'] });
    expect((await region.post('/_region/nonsense')).status).toBe(404);
    expect((await region.post('/_region/instances/i-00000000/stop')).status).toBe(404);
  });
});
