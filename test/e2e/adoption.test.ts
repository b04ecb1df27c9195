import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import type { Span } from '../../packages/aws-simulator/src/contract.js';
import type { FaultPlan } from '../../packages/aws-simulator/src/faults.js';
import type { CallEntry } from '../../packages/aws-simulator/src/record.js';
import { nextLook, PATIENCE_MS } from '../support/patience.js';
import { openStackFixture, type StackFixture } from './fixture.js';

/** K3s coming up on a node, however it does. */
const STARTS = new Set(['found', 'join', 'rejoin', 'agentJoin']);

const POOL = { name: 'workers', count: 1, instanceType: 't3.medium' };
const HA = { mode: 'ha', pools: [POOL] };
const LARGER = { ...HA, pools: [{ ...POOL, instanceType: 't3.large' }] };
const NAME = 'lost';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

const handle = () => fixture.client.workflow.getHandle(`cluster/${NAME}`);
const status = () => handle().query<StatusView>('status');
const calls = async () => (await fixture.region<{ calls: CallEntry[] }>('record')).calls;
const spans = async () => (await fixture.region<{ spans: Span[] }>('record?calls=false')).spans;

/** Something goes wrong or does not end from now on until `lose`, so that the cluster stays in a phase however slow this test is. */
const hold = (plan: FaultPlan) => fixture.region('faults', { method: 'POST', body: JSON.stringify(plan) });
const stuck = (kind: string, slot: string): FaultPlan => ({
  point: 'span',
  match: { kind },
  tags: { 'keelson:slot': slot },
  hold: true,
});

const DOWNLOAD = 'download-of-server-1';
const JOIN = 'join-of-server-1';

async function until(what: string, holds: (seen: StatusView) => boolean): Promise<StatusView> {
  const began = performance.now();
  for (;;) {
    const seen = await status();
    if (holds(seen)) return seen;
    if (performance.now() > began + PATIENCE_MS)
      throw new Error(`never ${what}: ${seen.phase} ${JSON.stringify(seen.lastError)}`);
    await nextLook(began);
  }
}

/** Until the activity under way waits for its next try, so that nothing is on its way to AWS when the fault is taken away. */
async function betweenTries(): Promise<void> {
  const began = performance.now();
  for (;;) {
    const { raw } = await handle().describe();
    const waits = (raw.pendingActivities ?? []).every(
      (one) => (one.attempt ?? 0) > 1 && Number(one.scheduledTime?.seconds ?? 0) * 1000 > Date.now() + 1_000,
    );
    if (waits && (raw.pendingActivities ?? []).length > 0) return;
    if (performance.now() > began + PATIENCE_MS)
      throw new Error(`never between two tries: ${JSON.stringify(raw.pendingActivities)}`);
    await nextLook(began);
  }
}

/** Until the job that joins the node to the cluster has its URLs: one that is lost before waits for them for minutes, with the node's lock. */
async function hasUrls(instance: string | null | undefined): Promise<void> {
  const jobs = join(fixture.folder, 'stack/region/instances', instance ?? '', 'root/var/lib/keelson/jobs');
  const joins = () => (existsSync(jobs) ? readdirSync(jobs).filter((job) => job.includes('-join-')) : []);
  await expect.poll(() => joins().some((job) => existsSync(join(jobs, job, 'sealed')))).toBe(true);
}

const runs = (step: string) => (seen: StatusView) =>
  seen.operation?.steps.some((one) => one.id === step && one.outcome === 'running') ?? false;

/** The workflow is gone, as when someone terminates it or its history is lost; what it was doing is not. @param keep plans that stay */
async function lose(seen: StatusView, ...keep: string[]): Promise<{ at: number; serving: string[] }> {
  await handle().terminate('test');
  for (const { id } of await fixture.region<{ id: string }[]>('faults'))
    if (!keep.includes(id)) await fixture.region(`faults/${id}`, { method: 'DELETE' });
  const up = seen.nodes.filter((node) => node.ready === 'True' && node.doing === null);
  return { at: Date.now(), serving: up.flatMap((node) => node.instanceId ?? []) };
}

/** Which of the nodes that served have been started again since. */
async function restarted({ at, serving }: { at: number; serving: string[] }): Promise<string[]> {
  const later = (await spans()).filter((span) => span.startedAt >= at && STARTS.has(span.kind));
  return later.flatMap((span) => (serving.includes(span.instanceId ?? '') ? [`${span.kind} ${span.instanceId}`] : []));
}

const apply = (spec: Record<string, unknown> = HA, ...more: string[]) =>
  fixture.keelson('apply', '-f', fixture.document(NAME, spec), ...more);
const isSettled = (phase: string) => (seen: StatusView) => seen.phase === phase && seen.operation === null;
const running = () => until('Running', isSettled('Running'));
const launched = (seen: StatusView) => seen.nodes.flatMap((node) => node.instanceId ?? []);
const idsOf = (seen: StatusView) => seen.nodes.map((node) => node.instanceId).sort();

describe('a cluster whose workflow is lost in every phase of its life', () => {
  it('Pending: there was nothing to adopt', async () => {
    await hold({ action: 'DescribeSubnets', error: { code: 'RequestLimitExceeded', status: 503 } });
    expect(await apply()).toMatchObject({ code: 0 });
    await lose(await until('Pending', runs('preflight')));

    // From its boot on, before anybody sends anything.
    await hold({ id: DOWNLOAD, ...stuck('download', 'server-1') });
    // The next life begins, and is held up at its third instance.
    await hold({
      action: 'RunInstances',
      tags: { 'keelson:slot': 'server-2' },
      error: { code: 'RequestLimitExceeded', status: 503 },
    });
    expect(await apply()).toMatchObject({ code: 0 });
  });

  it('Provisioning: the instances that were launched are its nodes', async () => {
    const seen = await until(
      'Provisioning',
      (one) => one.phase === 'Provisioning' && one.nodes.filter((node) => node.instanceId !== null).length >= 3,
    );
    const lost = await lose(seen, DOWNLOAD);

    expect(await apply()).toMatchObject({ code: 0 });

    const next = await until('Installing', runs('join:server-1'));
    expect(next.uid).toBe(seen.uid);
    expect(idsOf(next)).toEqual(expect.arrayContaining(launched(seen)));
    expect(await restarted(lost)).toEqual([]);
  });

  it('Installing: what is installed stays', async () => {
    const seen = await until('Installing', runs('join:server-1'));
    await hasUrls(seen.nodes.find(({ slot }) => slot === 'server-1')?.instanceId);
    // Its job is on the node already, and joins as soon as the download has ended.
    await hold({ id: JOIN, ...stuck('join', 'server-1') });
    const lost = await lose(seen, JOIN);

    expect(await apply()).toMatchObject({ code: 0 });

    const next = await until('joining', runs('join:server-1'));
    expect(idsOf(next)).toEqual(expect.arrayContaining(launched(seen)));
    expect(await restarted(lost)).toEqual([]);
  });

  it('Configuring: who has joined is not started again, and who is about to joins once', async () => {
    const seen = await until('Configuring', (one) => one.phase === 'Configuring' && runs('join:server-1')(one));
    const lost = await lose(seen);

    expect(await apply(HA, '--wait')).toMatchObject({ code: 0 });

    const next = await status();
    expect(idsOf(next)).toEqual(idsOf(seen));
    expect(await restarted(lost)).toEqual([]);
    const starts = (await spans()).filter((span) => STARTS.has(span.kind));
    expect(starts.map((span) => span.kind).sort()).toEqual(['agentJoin', 'found', 'join', 'join']);
  });

  it('Running: nothing is touched', async () => {
    const seen = await running();
    const callsBefore = (await calls()).length;
    const lost = await lose(seen);

    expect(await apply(HA, '--wait')).toMatchObject({ code: 0 });

    const next = await status();
    expect(idsOf(next)).toEqual(idsOf(seen));
    expect(next).toMatchObject({ uid: seen.uid, health: 'Healthy' });
    expect(await restarted(lost)).toEqual([]);
    const steps = next.operations.flatMap((one) => one.steps.map((step) => step.kind));
    // Its security groups and labels are compared with the document: the call list shows that no group is changed.
    const compared = [
      'adopt',
      'wait-for-agent',
      'inspect',
      'label-nodes',
      'preflight',
      'publish',
      'security-group',
      'verify',
    ];
    expect(new Set(steps)).toEqual(new Set(compared));
    const actions = (await calls()).slice(callsBefore).map((call) => call.action);
    expect(actions).toContain('DescribeSecurityGroups');
    expect(actions.filter((action) => /(Create|Delete|Authorize|Revoke|Modify).*SecurityGroup/.test(action))).toEqual(
      [],
    );
  });

  it('Stopping: what has stopped is started again, what still runs is left alone', async () => {
    await hold(stuck('stop', 'server-2'));
    await fixture.keelson('stop', NAME);
    const seen = await until('Stopping', runs('stop-instance:server-2'));
    const lost = await lose(seen);

    expect(await apply(HA, '--wait')).toMatchObject({ code: 0 });

    const next = await status();
    expect(idsOf(next)).toEqual(idsOf(seen));
    expect(next.health).toBe('Healthy');
    expect(lost.serving.length).toBeGreaterThan(0);
    expect(await restarted(lost)).toEqual([]);
  });

  it('Stopped: it stays so where that is the desired state', async () => {
    await fixture.keelson('stop', NAME, '--wait');
    const seen = await status();
    const lost = await lose(seen);

    expect(await apply({ ...HA, state: 'stopped' }, '--wait')).toMatchObject({ code: 0 });

    const next = await status();
    expect(next).toMatchObject({ uid: seen.uid, phase: 'Stopped' });
    expect(idsOf(next)).toEqual(idsOf(seen));
    expect((await spans()).filter((span) => span.kind === 'start' && span.startedAt >= lost.at)).toEqual([]);
  });

  it('Stopped: or it is started', async () => {
    const seen = await status();
    await lose(seen);
    await hold(stuck('start', 'server-0'));

    expect(await apply()).toMatchObject({ code: 0 });

    const next = await until('Starting', (one) => one.phase === 'Starting' && runs('wait-for-agent:server-0')(one));
    expect(idsOf(next)).toEqual(idsOf(seen));
  });

  it('Starting: it comes up', async () => {
    const seen = await status();
    const lost = await lose(seen);

    expect(await apply(HA, '--wait')).toMatchObject({ code: 0 });

    const next = await status();
    expect(idsOf(next)).toEqual(idsOf(seen));
    expect(next.health).toBe('Healthy');
    expect(await restarted(lost)).toEqual([]);
  });

  it('Updating: the node in question is finished, the others are left alone', async () => {
    await hold(stuck('stop', 'workers-0'));
    expect(await apply(LARGER)).toMatchObject({ code: 0 });
    const seen = await until('Updating', runs('stop-instance:workers-0'));
    const lost = await lose(seen);

    expect(await apply(LARGER, '--wait')).toMatchObject({ code: 0 });

    const next = await status();
    expect(idsOf(next)).toEqual(idsOf(seen));
    expect(next).toMatchObject({ health: 'Healthy' });
    expect(next.nodes.find((node) => node.slot === 'workers-0')).toMatchObject({ instanceType: 't3.large' });
    const servers = seen.nodes.filter((node) => node.role === 'server').map((node) => node.instanceId);
    expect((await restarted(lost)).filter((one) => servers.includes(one.split(' ')[1] ?? ''))).toEqual([]);
  });

  it('Updating: a node that was drained takes pods again', async () => {
    await hold(stuck('drain', 'workers-0'));
    expect(await apply(HA)).toMatchObject({ code: 0 });
    await lose(await until('drain', runs('drain:workers-0')));

    // The desired state is what it was before: nothing is left to be changed but the cordon.
    expect(await apply(LARGER, '--wait')).toMatchObject({ code: 0 });

    const next = await status();
    expect(next).toMatchObject({ health: 'Healthy' });
    expect(next.operations.flatMap((one) => one.steps.map((step) => step.id))).toContain('uncordon:workers-0');
  });

  it('Running: a server that is gone meanwhile is replaced; no one bootstraps another cluster', async () => {
    const seen = await running();
    const lost = await lose(seen);
    const bootstrapServer = seen.nodes.find((node) => node.slot === 'server-0');
    await fixture.region(`instances/${bootstrapServer?.instanceId}/terminate`, { method: 'POST' });

    expect(await apply(LARGER, '--wait')).toMatchObject({ code: 0 });

    const next = await status();
    expect(next).toMatchObject({ uid: seen.uid, health: 'Healthy' });
    expect(next.nodes.find((node) => node.slot === 'server-0')).toMatchObject({ generation: 2, voter: 'True' });
    expect(await restarted(lost)).toEqual([]);
    const { notes } = await fixture.region<{ notes: { kind: string }[] }>('record?calls=false');
    expect(notes.filter((note) => note.kind === 'cluster-founded')).toHaveLength(1);
    expect(notes.filter((note) => note.kind === 'member-removed')).toHaveLength(1);
  });

  it('Deleting: before anything was terminated it lives on', async () => {
    const before = await running();
    await hold({ action: 'TerminateInstances', error: { code: 'RequestLimitExceeded', status: 503 } });
    await fixture.keelson('delete', NAME, '--yes');
    const seen = await until('Deleting', runs('terminate-all'));
    await betweenTries();
    const lost = await lose({ ...seen, nodes: before.nodes });

    expect(await apply(LARGER, '--wait')).toMatchObject({ code: 0 });

    expect(idsOf(await status())).toEqual(idsOf(before));
    expect(await restarted(lost)).toEqual([]);
  });

  it('Deleting: once its instances are gone it is made again, and its group goes with it', async () => {
    const before = await running();
    await hold({ action: 'DeleteSecurityGroup', error: { code: 'RequestLimitExceeded', status: 503 } });
    await fixture.keelson('delete', NAME, '--yes');
    const seen = await until('Deleting', runs('sweep'));
    await betweenTries();
    await lose(seen);

    expect(await apply(LARGER, '--wait')).toMatchObject({ code: 0 });

    const next = await status();
    expect(next.health).toBe('Healthy');
    expect(idsOf(next).filter((id) => idsOf(before).includes(id))).toEqual([]);
    expect(next.nodes.map((node) => node.generation)).toEqual([3, 2, 2, 2]);
  });

  it('is deleted in the end, and nothing was made twice or is left', async () => {
    expect(await fixture.keelson('delete', NAME, '--yes', '--wait')).toMatchObject({ code: 0 });

    expect(await fixture.region('duplicates')).toEqual([]);
    expect(await fixture.region(`leftovers?cluster=${NAME}`)).toMatchObject({ total: 0 });
    const { launches } = await fixture.region<{ launches: unknown[] }>('record?calls=false');
    expect(launches).toHaveLength(9);
  });

  it('may have its name used again at once', async () => {
    expect(await apply({ mode: 'dev' }, '--wait')).toMatchObject({ code: 0 });
    expect(await status()).toMatchObject({ nodes: [{ name: `${NAME}-server-0-g1`, ready: 'True' }] });
    expect(await fixture.keelson('delete', NAME, '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(await fixture.region(`leftovers?cluster=${NAME}`)).toMatchObject({ total: 0 });
  });
});
