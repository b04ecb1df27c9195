import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { ClusterEvent } from '#src/model/state.js';
import type { StatusView } from '#src/model/status.js';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { PATIENCE_MS } from '../support/patience.js';
import { documentOf, openStackFixture, type StackFixture } from './fixture.js';
import { atRest } from './support/at-rest.js';
import { regionReportsTo } from './support/region-reports.js';

let fixture: StackFixture;
let s3: S3Client;
let sqs: SQSClient;
let ssm: SSMClient;
beforeAll(async () => {
  fixture = await openStackFixture();
  const shared = { endpoint: fixture.stack.region.url, region: 'eu-west-1', credentials: CREDENTIALS.admin };
  s3 = new S3Client({ ...shared, forcePathStyle: true });
  sqs = new SQSClient(shared);
  ssm = new SSMClient(shared);
});
afterEach(() => fixture.region('faults', { method: 'DELETE' }));
afterAll(async () => {
  s3?.destroy();
  sqs?.destroy();
  ssm?.destroy();
  await fixture?.close();
});

const handle = (name: string) => fixture.client.workflow.getHandle(`cluster/${name}`);
const statusOf = (name: string) => handle(name).query<StatusView>('status');
const eventsOf = (name: string) => handle(name).query<ClusterEvent[]>('events');

/** Polls what people can ask, until it holds. */
async function until<T>(ask: () => Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await ask();
    if (holds(seen)) return seen;
    if (Date.now() > deadline) throw new Error(`never so: ${JSON.stringify(seen).slice(0, 3_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const settled = (name: string, phase: StatusView['phase'], operations: number) =>
  until(
    () => statusOf(name),
    (status) => status.phase === phase && status.operation === null && status.operations.length >= operations,
  );

/** Someone terminates the server of a slot. @returns its id */
async function kill(status: StatusView, slot: string): Promise<string> {
  const id = status.nodes.find((node) => node.slot === slot)?.instanceId ?? '';
  await fixture.region(`instances/${id}/terminate?hard`, { method: 'POST' });
  return id;
}

const looksFor = (name: string, id: string) =>
  until(
    () => eventsOf(name),
    (events) =>
      events.some(
        ({ reason, message }) =>
          reason === 'ReconcileRequested' && new RegExp(`${id} is (gone|shutting|terminated)`).test(message),
      ),
  );

/** Whether an event has told the cluster that the instance does not run: a report of the region watch is a whole one. */
const isToldByEvent = async (name: string, id: string): Promise<boolean> =>
  (await regionReportsTo(fixture, name)).some(
    ({ whole, seen }) =>
      !whole && seen.some((one) => one.id === id && ['shutting-down', 'terminated'].includes(one.state)),
  );

const replaced = (name: string, slot: string, generation: number) =>
  until(
    () => statusOf(name),
    (status) =>
      status.operation === null &&
      status.phase === 'Running' &&
      status.nodes.some((node) => node.slot === slot && node.generation === generation && node.voter === 'True'),
  );

describe('a server that someone terminates', () => {
  it('is reported by its event, and where that is lost by the region watch; and is replaced', async () => {
    // Prepare
    await fixture.keelson(
      'apply',
      '-f',
      fixture.document('watched', { mode: 'ha', health: { gracePeriod: '10s' } }),
      '--wait',
    );
    const born = await atRest(fixture, 'watched');

    // Act: with events
    const first = await kill(born, 'server-1');
    await looksFor('watched', first);
    await until(() => isToldByEvent('watched', first), Boolean);
    await replaced('watched', 'server-1', 2);
    const repaired = await atRest(fixture, 'watched');

    // Act: without
    await fixture.region('faults', { method: 'POST', body: JSON.stringify({ point: 'event', effect: 'drop' }) });
    const second = await kill(repaired, 'server-2');
    await looksFor('watched', second);
    const whole = await replaced('watched', 'server-2', 2);

    // Assess
    expect(await isToldByEvent('watched', second)).toBe(false);
    expect(whole.operations.map((one) => `${one.kind} ${one.outcome}`)).toEqual([
      'create done',
      'repair done',
      'repair done',
    ]);
    expect(await fixture.region('duplicates')).toEqual([]);
    const watch = await fixture.client.workflow.getHandle('region-watch/eu-west-1').describe();
    expect(watch.status.name).toBe('RUNNING');
  });
});

describe('K3s that someone stops on a server', () => {
  it('is missed by the pulse, and started again', async () => {
    // Prepare
    const whole = await atRest(fixture, 'watched');
    const stop = new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [whole.nodes.find((node) => node.slot === 'server-1')?.instanceId ?? ''],
      Parameters: { commands: ['systemctl stop k3s'] },
    });
    // Act
    const since = new Date().toISOString();
    await ssm.send(stop);
    const repaired = await settled('watched', 'Running', 4);
    // Assess
    expect(repaired.operations[3]).toMatchObject({ kind: 'repair', outcome: 'done' });
    expect(repaired.nodes.map((node) => node.ready)).toEqual(['True', 'True', 'True']);
    const told = (await eventsOf('watched')).filter(({ at, reason }) => at > since && reason === 'ReconcileRequested');
    expect(told[0]?.message).toMatch(/says (service|notready|voters)=/);
  });
});

describe('config.yaml that someone puts into the bucket', () => {
  const put = (name: string, Body: string) =>
    s3.send(new PutObjectCommand({ Bucket: 'keelson-local', Key: `clusters/${name}/config.yaml`, Body }));
  const configValid = (status: StatusView) => status.conditions.find((one) => one.type === 'ConfigValid');

  it('makes a cluster, changes it, and is refused where it is wrong; an event that comes again undoes nothing', async () => {
    // Prepare, Act: made, and observed: until the first observation its health is Unknown, whatever the document says
    await put('gitops', stringify(documentOf('gitops')));
    const made = await until(
      () => statusOf('gitops').catch(() => null),
      (status) => status?.phase === 'Running' && status.operation === null && status.health === 'Healthy',
    );
    // Act: invalid
    const [text, line] = [stringify(documentOf('gitops', { mode: 'dev', colour: 'red' })), 'colour: red'];
    await put('gitops', text);
    const told = await until(
      () => statusOf('gitops'),
      (status) => configValid(status)?.status === 'False',
    );
    // Act: valid again, and changed
    const pools = [{ name: 'workers', count: 1, instanceType: 't3.medium' }];
    await put('gitops', stringify(documentOf('gitops', { pools })));
    const changed = await settled('gitops', 'Running', 2);
    // Act: stopped by command, then the event of the document that says running comes again
    await fixture.keelson('stop', 'gitops', '--wait');
    const detail = { bucket: { name: 'keelson-local' }, object: { key: 'clusters/gitops/config.yaml' } };
    const late = JSON.stringify({ source: 'aws.s3', 'detail-type': 'Object Created', region: 'eu-west-1', detail });
    const queue = fixture.stack.variables['KEELSON_EVENTS_QUEUE_URL'];
    for (const body of [late, late, 'no event', '{"source":"aws.s3","detail":{}}'])
      await sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: body }));
    // The queue is read in order; this one is reported last.
    await put('gitops', 'colour: red');
    const asleep = await until(
      () => statusOf('gitops'),
      (status) => configValid(status)?.status === 'False',
    );

    // Assess
    expect(made?.operations[0]).toMatchObject({ kind: 'create', outcome: 'done' });
    expect(made?.operations[0]?.requestedBy).toBe('config.yaml in the bucket');
    const at = text.split('\n').findIndex((one) => one.includes(line)) + 1;
    expect(configValid(told)).toMatchObject({ reason: 'Invalid' });
    expect(configValid(told)?.message).toContain(`clusters/gitops/config.yaml:${at}:3: spec.colour`);
    expect(told.health).toBe('Healthy');
    expect(told.specGeneration).toBe(made?.specGeneration);
    expect(configValid(changed)).toBeUndefined();
    expect(changed.nodes.map((node) => node.slot)).toEqual(['server-0', 'workers-0']);
    expect(asleep).toMatchObject({ phase: 'Stopped', desiredState: 'stopped' });
  });

  it('is passed over when `keelson apply` has put it there, and does nothing where there is no cluster', async () => {
    await put('nobody', 'colour: red');
    await fixture.keelson('apply', '-f', fixture.document('by-hand'), '--wait');
    await put('by-hand', 'colour: red');
    await until(
      () => statusOf('by-hand'),
      (status) => configValid(status)?.status === 'False',
    );

    const events = await eventsOf('by-hand');

    expect(events.filter((event) => /^Request/.test(event.reason))).toHaveLength(1);
    await expect(handle('nobody').describe()).rejects.toThrow();
  });
});

describe('a region that is not observed', () => {
  const observed = (status: StatusView) => status.conditions.find((one) => one.type === 'Observed');

  it('notifies its clusters when AWS denies the calls, with the cause, and again when it allows them', async () => {
    const error = {
      code: 'UnauthorizedOperation',
      status: 403,
      message: 'You are not authorized to perform this operation.',
    };
    await fixture.region('faults', { method: 'POST', body: JSON.stringify({ action: 'DescribeInstances', error }) });
    const blind = await until(
      () => statusOf('by-hand'),
      (status) => observed(status)?.status === 'False',
    );
    const explained = (await fixture.keelson('explain', 'by-hand')).stdout;
    await fixture.region('faults', { method: 'DELETE' });
    const seeing = await until(
      () => statusOf('by-hand'),
      (status) => observed(status)?.status === 'True',
    );

    expect(blind).toMatchObject({ phase: 'Running', health: 'Unknown' });
    expect(observed(blind)?.message).toContain('UnauthorizedOperation');
    expect(explained).toContain('UnauthorizedOperation');
    expect(blind.nodes.every((node) => node.power === 'unknown')).toBe(true);
    expect(seeing.operations.length).toBe(blind.operations.length);
  });

  it('has its watch back when a person has terminated that', async () => {
    const watch = fixture.client.workflow.getHandle('region-watch/eu-west-1');
    const { runId } = await watch.describe();
    await watch.terminate('a test');
    const again = await until(
      () => watch.describe(),
      (one) => one.status.name === 'RUNNING' && one.runId !== runId,
    );
    expect(again.workflowId).toBe('region-watch/eu-west-1');
  });
});
