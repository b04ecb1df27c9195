/**
 * The same activities against the local region, where moto has nothing to say: delayed states, SSM, and the node scripts
 * themselves under a real bash.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Activities, RunOnNodesInput } from '#src/activities/api.js';
import { observeRegion, RegionMemory } from '#src/activities/watch/observe-region.js';
import { type AwsClients, createAwsClients } from '#src/aws/clients.js';
import type { InstanceObservation } from '#src/model/observation.js';
import { groupRulesOf } from '#src/model/security-groups/rules.js';
import { CREDENTIALS, STACK_GUID } from '../../packages/aws-simulator/src/credentials.js';
import { type Region, startRegion } from '../../packages/aws-simulator/src/server.js';
import { activitiesFor, BUCKET, documentWith, failureOf, REGION, run, scopeFor } from './support/fixture.js';

const scope = scopeFor('shop');
const VERSION = 'v1.34.2+k3s1';
let dir: string;
let region: Region;
let clients: AwsClients;
let activities: Activities;
let instance: InstanceObservation;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-aws-'));
  region = await startRegion({ dir, profile: 'fast', bucket: BUCKET });
  clients = createAwsClients({
    homeRegion: REGION,
    version: 'test',
    endpoint: region.url,
    credentials: CREDENTIALS.worker,
  });
  activities = activitiesFor(clients);
  instance = await launched();
});

afterAll(async () => {
  clients.destroy();
  await region.close();
  rmSync(dir, { recursive: true, force: true });
});

const documentAt = (version: string) => documentWith({ k3s: { version, mirror: `${region.url}/_mirror` } });

async function launched(): Promise<InstanceObservation> {
  const { launchConfig, userData } = await run(activities.resolveLaunchConfig, {
    ...scope,
    document: documentAt(VERSION),
  });
  const { groups } = await run(activities.ensureSecurityGroups, {
    ...scope,
    vpcId: launchConfig.vpcId,
    known: null,
    rules: groupRulesOf(documentAt(VERSION), true),
    tags: {},
  });
  return run(activities.launchInstance, {
    ...scope,
    slot: 'server-0',
    generation: 1,
    nodeName: 'shop-server-0-g1',
    launch: {
      subnetId: launchConfig.subnets[0]!.id,
      instanceType: 't3.medium',
      imageId: launchConfig.images.amd64!.id,
      rootDeviceName: launchConfig.images.amd64!.rootDeviceName,
      rootVolume: { sizeGiB: 30, type: 'gp3', encrypted: true },
      securityGroupIds: [groups.server.id],
      instanceProfile: null,
      publicIp: true,
      metadataHopLimit: 1,
      userDataId: 'ud',
    },
    userData: userData.amd64!.text,
    tags: {},
  });
}

const install = (): RunOnNodesInput => ({
  ...scope,
  instanceIds: [instance.id],
  jobId: 'shop-install-server-0-1',
  script: 'install',
  params: { K3S_VERSION: VERSION, K3S_MIRROR: `${region.url}/_mirror`, ARCH: 'amd64', ROLE: 'server' },
  presign: {},
  timeoutSeconds: 60,
});

describe('against the local region', () => {
  test('a version without a release and a region that does not exist are refused', async () => {
    const version = run(activities.resolveLaunchConfig, { ...scope, document: documentAt('v1.99.0+k3s1') });
    const elsewhere = { ...scope, region: 'eu-wset-1', document: documentAt(VERSION) };

    expect(await failureOf(version)).toMatchObject({ code: 'VersionNotFound', class: 'invalid' });
    expect(await failureOf(run(activities.resolveLaunchConfig, elsewhere))).toMatchObject({ code: 'RegionUnknown' });
  });

  test('an instance comes up with its agent, and a script runs on it once although it is sent twice', async () => {
    const view = await run(activities.awaitInstance, { ...scope, instanceId: instance.id, until: 'agent-online' });

    const [first] = await run(activities.runOnNodes, install());
    const [second] = await run(activities.runOnNodes, install());

    expect(view).toMatchObject({ state: 'running', slot: 'server-0', generation: 1 });
    expect(first).toMatchObject({ outcome: 'done', exitCode: 0, result: { version: VERSION, changed: 'true' } });
    // Run a second time it would have said changed=false.
    expect(second).toEqual(first);
  });

  test('an observation with checks, and an observation of the region, see an instance whose checks fail and whose agent is silent', async () => {
    const look = async () =>
      (await run(activities.observeInstances, { ...scope, known: [instance.id], checks: true })).instances;
    const sound = await look();
    region.world.faults.add({ point: 'status-check', instance: [instance.id], effect: 'impaired' });
    await fetch(`${region.url}/_region/machines/${instance.id}`, { method: 'POST', body: '{"agent":"dead"}' });

    const sick = await look();
    const regionReport = await observeRegion(
      clients,
      REGION,
      STACK_GUID,
      new RegionMemory(),
      {
        signal: AbortSignal.timeout(10_000),
        sleep: async () => undefined,
      },
      () => [],
    );

    expect(sound).toMatchObject([{ id: instance.id, agent: 'online' }]);
    expect(sound[0]).not.toHaveProperty('failedChecks');
    expect(sick).toMatchObject([{ id: instance.id, failedChecks: ['system', 'instance', 'volume'], agent: 'lost' }]);
    // Of a whole region volumes are not asked for.
    expect(regionReport.clusters?.get('shop/uid-shop')?.regionReport.seen).toMatchObject([
      { failedChecks: ['system', 'instance'], agentLost: true },
    ]);
  });

  test('the groups of an instance with several interfaces are asked for by interface, which the policies do not allow', async () => {
    // Prepare
    const before = instance.groups ?? [];
    const set = () =>
      run(activities.setInstanceGroups, { ...scope, instanceId: instance.id, groupIds: before, named: [] });
    const alone = await set();
    await fetch(`${region.url}/_region/instances/${instance.id}/attach-interface`, { method: 'POST' });

    // Act
    const refused = await failureOf(set());

    // Assess
    expect(before).toEqual([expect.stringMatching(/^sg-/)]);
    expect(alone).toBe('set');
    expect(refused).toMatchObject({
      code: 'UnauthorizedOperation',
      class: 'auth',
      message: expect.stringMatching(/^ModifyNetworkInterfaceAttribute eni-\w+ of i-\w+ into sg-/),
    });
    const { instances } = await run(activities.observeInstances, { ...scope, known: [instance.id] });
    expect(instances).toMatchObject([{ id: instance.id, groups: before }]);
  });

  test('all of it goes away again', async () => {
    await run(activities.terminateInstances, { ...scope, instanceIds: [instance.id] });

    const swept = await run(activities.sweep, scope);

    expect(swept.instances).toEqual([]);
    expect(swept.securityGroups).toHaveLength(2);
    expect(await run(activities.observeInstances, { ...scope, known: [] })).toEqual({
      instances: [],
      unlisted: [],
      failures: [],
      foreign: [],
    });
    expect(region.world.instances.get(instance.id)?.state ?? 'terminated').toBe('terminated');
  });
});
