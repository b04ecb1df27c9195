import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterEvent } from '#src/model/state.js';
import type { NodeStatus, StatusView } from '#src/model/status.js';
import type { CallEntry } from '../../packages/aws-simulator/src/record.js';
import { nextLook, PATIENCE_MS } from '../support/patience.js';
import { openStackFixture, type StackFixture } from './fixture.js';

/** The shortest time that the document allows: a reboot then gets 10 s to help, and a new agent 20 s to register. */
const SHORT = { gracePeriod: '10s', replaceAfter: '1m' };
/** EC2's recovery gets 15 minutes: more than the test lasts, so what the step is waiting for cannot come between. */
const DEFAULT = { gracePeriod: '10s' };

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture({ nodes: 'paper' });
});
afterEach(() => fixture.region('faults', { method: 'DELETE' }));
afterAll(() => fixture?.close());

const handle = (name: string) => fixture.client.workflow.getHandle(`cluster/${name}`);
const statusOf = (name: string) => handle(name).query<StatusView>('status');
const eventsOf = (name: string) => handle(name).query<ClusterEvent[]>('events');
const post = (path: string, body?: unknown) =>
  fixture.region(path, { method: 'POST', ...(body !== undefined && { body: JSON.stringify(body) }) });

async function until(name: string, holds: (seen: StatusView) => boolean): Promise<StatusView> {
  const began = performance.now();
  for (;;) {
    const seen = await statusOf(name);
    if (holds(seen)) return seen;
    if (performance.now() > began + PATIENCE_MS)
      throw new Error(`never so: ${JSON.stringify([seen, await eventsOf(name)]).slice(0, 8_000)}`);
    await nextLook(began);
  }
}

async function create(name: string, health: Record<string, string>): Promise<StatusView> {
  await fixture.keelson('apply', '-f', fixture.document(name, { mode: 'ha', health }), '--wait');
  return until(name, (seen) => seen.phase === 'Running' && seen.health === 'Healthy' && seen.operation === null);
}

function nodeOf(seen: StatusView, slot: string): NodeStatus {
  const node = seen.nodes.find((one) => one.slot === slot);
  if (node === undefined) throw new Error(`no slot ${slot}`);
  return node;
}

const idOf = (seen: StatusView, slot: string): string => nodeOf(seen, slot).instanceId ?? '';
const says = (seen: StatusView, type: string, message: RegExp): boolean =>
  seen.conditions.some((one) => one.type === type && one.status === 'False' && message.test(one.message));
const instances = (seen: StatusView) => seen.nodes.map((node) => [node.slot, node.generation, node.instanceId]);
const look = (name: string) => handle(name).signal('reconcile', { reason: 'a test' });

/** How many calls of EC2 there were so far: what `machineCalls` counts from. */
const mark = async (): Promise<number> => (await fixture.region<{ calls: CallEntry[] }>('record')).calls.length;

/** What was done to machines since. */
async function machineCalls(since: number): Promise<string[]> {
  const { calls } = await fixture.region<{ calls: CallEntry[] }>('record');
  return calls
    .slice(since)
    .flatMap(({ action }) => (/^(Run|Terminate|Start|Stop|Reboot)Instances$/.test(action) ? [action] : []));
}

describe('a server whose SSM agent is silent while Kubernetes calls the node Ready', () => {
  it('is rebooted once, told with the next reboot, and keeps its instance although the reboot has not helped', async () => {
    // Prepare
    const name = 'silent-agent';
    const born = await create(name, SHORT);
    const since = await mark();
    // Act
    await post(`machines/${idOf(born, 'server-1')}`, { agent: 'dead', agentStays: true });
    await look(name);
    // A reboot that did not bring the agent back was the point at which an instance was replaced.
    const told = await until(
      name,
      (seen) => seen.operation === null && says(seen, 'AgentsOnline', /not replaced; rebooted at .*; next reboot/),
    );
    // Assess
    expect(nodeOf(told, 'server-1').ready).toBe('True');
    expect(instances(told)).toEqual(instances(born));
    expect(await machineCalls(since)).toEqual(['RebootInstances']);
    expect((await eventsOf(name)).map((event) => event.reason)).toContain('AgentStillLost');
    expect(told.health).toBe('Degraded');
  });
});

describe('status checks of EC2', () => {
  it('are reported and nothing is done while Kubernetes calls the node Ready; EC2 itself recovers a host that has failed', async () => {
    // Prepare
    const name = 'failing-checks';
    const born = await create(name, DEFAULT);
    const id = idOf(born, 'server-1');
    const since = await mark();
    // Act: the instance status check fails, and the node serves
    await post('faults', { point: 'status-check', effect: 'impaired', instance: id, match: { check: 'instance' } });
    await look(name);
    const serving = await until(name, (seen) =>
      says(seen, 'InstancesHealthy', /instance status check.*Kubernetes calls the node Ready, so nothing is done/),
    );
    // Act: the host fails, and with it the node
    await fixture.region('faults', { method: 'DELETE' });
    await post(`instances/${id}/crash`);
    await post(`instances/${id}/impair?check=system`);
    await look(name);
    const waiting = await until(name, (seen) =>
      says(seen, 'InstancesHealthy', /waiting for EC2's automatic recovery until .*, then stop and start; replacement/),
    );
    await post(`instances/${id}/recover`);
    const recovered = await until(name, (seen) => seen.health === 'Healthy' && seen.operation === null);
    // Assess
    expect(nodeOf(serving, 'server-1').ready).toBe('True');
    expect(nodeOf(waiting, 'server-1').ready).not.toBe('True');
    expect(instances(recovered)).toEqual(instances(born));
    expect(await machineCalls(since)).toEqual([]);
  });
});

describe('a replacement whose SSM agent never registers', () => {
  it('is given up after its time, and its successor goes to another subnet', async () => {
    // Prepare
    const name = 'mute-successor';
    const born = await create(name, SHORT);
    await post('faults', {
      point: 'machine.agent',
      effect: 'no-agent',
      tags: { 'keelson:cluster': name, 'keelson:slot': 'server-1', 'keelson:generation': '2' },
    });
    const since = await mark();
    // Act
    await post(`instances/${idOf(born, 'server-1')}/terminate?hard`);
    const replaced = await until(
      name,
      (seen) => seen.operation === null && seen.health === 'Healthy' && nodeOf(seen, 'server-1').generation > 1,
    );
    // Assess
    const launched = await fixture.region<{ tags: Record<string, string>; subnetId: string }[]>('instances');
    const subnets = launched
      .filter(({ tags }) => tags['keelson:cluster'] === name && tags['keelson:slot'] === 'server-1')
      .map(({ tags, subnetId }) => [tags['keelson:generation'], subnetId]);
    const subnetOf = new Map(subnets as [string, string][]);
    expect([...subnetOf.keys()].sort()).toEqual(['1', '2', '3']);
    expect(subnetOf.get('3')).not.toBe(subnetOf.get('2'));
    expect(nodeOf(replaced, 'server-1').generation).toBe(3);
    expect((await machineCalls(since)).filter((action) => action === 'RunInstances')).toHaveLength(2);
    expect(await fixture.region('duplicates')).toEqual([]);
  });
});
