import { createColors } from 'picocolors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { historyText } from '#src/cli/views/history.js';
import { listText } from '#src/cli/views/list.js';
import { planText } from '#src/cli/views/plan.js';
import { proofText } from '#src/cli/views/proof.js';
import { statusText } from '#src/cli/views/status.js';
import { between, duration } from '#src/cli/views/time.js';
import { createLines, headOf } from '#src/cli/wait/lines.js';
import { nodeLine } from '#src/cli/wait/node-line.js';
import type { Condition } from '#src/model/state.js';
import { captured } from './io.js';
import { condition, failure, node, operation, statusView, step } from './status.js';

const plain = createColors(false);
const NOW = Date.parse('2026-03-01T12:01:00.000Z');

describe('status', () => {
  it('shows nodes, conditions, the operation with its step, and what it waits for', () => {
    // Prepare
    const status = statusView({
      phase: 'Configuring',
      operation: operation({ steps: [step({ id: 'a', outcome: 'done' }), step()] }),
      waiting: { for: 'the next try of create', since: '2026-03-01T12:00:00.000Z', until: '2026-03-01T12:10:00.000Z' },
      lastError: failure(),
    });

    // Act
    const text = statusText(status, plain, NOW);

    // Assess
    expect(text).toContain('shop (eu-west-1, K3s v1.34.2+k3s1): Configuring, Healthy, 1m old');
    expect(text).toContain(
      'Operation create op-1, step 2/4, asked for by ada (as the sender says): it does not exist yet',
    );
    expect(text).toContain('  server-1: join as server (1m of usually under 3m)');
    expect(text).toContain('Waits for the next try of create, since 2026-03-01 12:00:00Z, until 2026-03-01 12:10:00Z');
    expect(text).toContain(
      'Last error TypeNotOffered: t3.huge is not offered in eu-west-1a\n  choose a type that eu-west-1 offers',
    );
    expect(text).toMatch(
      /shop-server-0-g1 +True +True +v1\.34\.2\+k3s1 +i-1 +t3\.medium +running +eu-west-1a +10\.0\.0\.4 +-/,
    );
    expect(text).toMatch(/NodesReady +True +All +1m +12s +1 of 1 nodes are Ready/);
  });

  it('shows all conditions, those that fail first, each with when it was looked at', () => {
    // Prepare
    const conditions = [
      condition({ type: 'InstancesRunning' }),
      condition({ type: 'ApiAvailable', status: 'Unknown', reason: 'Stopped' }),
      condition({ type: 'EtcdHealthy', status: 'False', reason: 'VoterMissing' }),
      condition({ type: 'AgentsOnline', status: 'True', reason: 'NoneWanted' }),
      condition({ type: 'DisksHealthy', status: 'Unknown', reason: 'NotSeen' }),
    ];

    // Act
    const text = statusText(statusView({ conditions }), plain, NOW);

    // Assess
    const shown = text.slice(text.indexOf('CONDITION')).split('\n');
    expect(shown[0]).toMatch(/^CONDITION +STATUS +REASON +SINCE +CHECKED +MESSAGE$/);
    expect(shown.slice(1).map((line) => line.split(' ')[0])).toEqual([
      'EtcdHealthy',
      'DisksHealthy',
      'InstancesRunning',
      'ApiAvailable',
      'AgentsOnline',
    ]);
    expect(shown[1]).toMatch(/^EtcdHealthy +False +VoterMissing +1m +12s /);
  });

  it('shows the conditions of an older worker, which does not tell when it looked', () => {
    // Prepare
    const { lastProbeTime: _, ...old } = condition();

    // Act
    const text = statusText(statusView({ conditions: [old as Condition] }), plain, NOW);

    // Assess
    expect(text).toMatch(/NodesReady +True +All +1m +- +1 of 1 nodes are Ready/);
  });

  it('shows a cluster of which nothing is there yet', () => {
    expect(statusText(statusView({ nodes: [], conditions: [], apiAddress: null }), plain, NOW)).toContain(
      'no nodes yet',
    );
  });
});

describe('history', () => {
  it('shows each reason of a repair on a line of its own', () => {
    // Prepare
    const reason = 'server-1: its instance is gone; workers-0: not Ready for 2m';
    const repair = operation({ kind: 'repair', reason, requestedBy: 'keelson', steps: [step()] });

    // Act
    const text = historyText(statusView({ operation: repair }), plain, NOW);

    // Assess
    expect(text).toMatch(
      /^repair op-1: running, .*\n {2}server-1: its instance is gone\n {2}workers-0: not Ready for 2m\n {2}PHASE /,
    );
  });

  it('reports who asked, when, how long, with what outcome', () => {
    // Prepare
    const done = operation({
      outcome: 'done',
      endedAt: '2026-03-01T12:00:42.500Z',
      steps: [step({ outcome: 'failed', endedAt: '2026-03-01T12:00:01.500Z', error: failure() })],
    });

    // Act
    const text = historyText(statusView({ operations: [done] }), plain, NOW);

    // Assess
    expect(text).toContain('create op-1: done, 2026-03-01 12:00:00Z, 42.5s, asked for by ada (as the sender says)');
    expect(text).toMatch(
      /Configuring +server-1 +1\.5s +failed +join as server: TypeNotOffered: t3\.huge is not offered in eu-west-1a/,
    );
  });
});

describe('lists and plans', () => {
  it('line up in columns', () => {
    const listed = {
      name: 'shop',
      phase: 'Running',
      health: null,
      paused: false,
      region: 'eu-west-1',
      account: null,
      version: 'v1',
      nodes: '3/3',
      createdAt: '2026-03-01T11:00:00.000Z',
    };
    expect(listText([listed], NOW).split('\n')).toEqual([
      'NAME   PHASE     HEALTH   REGION      VERSION   NODES   AGE',
      'shop   Running   -        eu-west-1   v1        3/3     1h1m',
    ]);
  });

  it('say which clusters are paused, which phase and health do not', () => {
    const listed = {
      ...{ name: 'shop', phase: 'Running', health: 'Healthy', paused: true, region: 'eu-west-1', account: null },
      ...{ version: 'v1', nodes: '3/3', createdAt: '2026-03-01T11:00:00.000Z' },
    };
    expect(listText([listed], NOW)).toMatch(/^shop +Running, paused +Healthy/m);
  });

  it('say when there is nothing', () => {
    expect(listText([])).toBe('no clusters');
    expect(planText('shop', { kind: 'update', reason: '', steps: [], id: 'x' }, plain)).toBe('shop: nothing to do');
  });

  it('say of a plan what is held back, and who decides', () => {
    const blocked = { code: 'RepairApprovalRequired', message: 'it would: launch', hint: 'keelson repair shop' };
    expect(planText('shop', { kind: 'repair', reason: '', steps: [], id: 'x', blocked }, plain)).toBe(
      'shop: held back: it would: launch\n  -> keelson repair shop',
    );
  });

  it('say of a plan what only new nodes get', () => {
    const notes = ['spec.tags.a: new instances carry it'];
    expect(planText('shop', { kind: 'update', reason: '', steps: [], id: 'x', notes }, plain)).toBe(
      'shop: nothing to do\nnote: spec.tags.a: new instances carry it',
    );
  });

  it('show the worst disruption of a plan and its id', () => {
    const one = {
      id: 'stop',
      kind: 'stop-service' as const,
      phase: 'Stopping' as const,
      slot: 'server-0',
      after: [],
      title: 'stop K3s',
      reason: 'asked',
      disruption: 'cluster' as const,
    };
    const text = planText('shop', { kind: 'stop', reason: 'asked', steps: [one], id: 'f00' }, plain);
    expect(text).toContain('shop: stop, 1 step, disruption cluster: asked');
    expect(text).toContain('plan id f00');
  });
});

describe('the proof of a delete', () => {
  const proof = {
    backupsUntil: null,
    cluster: 'shop',
    uid: 'u',
    deletedAt: '2026-03-01T12:00:00.000Z',
    terminated: ['i-1'],
    swept: ['sg-1'],
    kept: [],
    remaining: null,
  };

  it('proofText says that nothing of the cluster remains', () => {
    const remaining = { instances: [], volumes: [], snapshots: [], securityGroups: [], bucketKeys: [] };
    expect(proofText({ ...proof, remaining })).toMatch(
      /terminated 1 instance, and deleted what carried its tags: 1 security group\nlast check: no instance, volume/,
    );
  });

  it('proofText counts what was deleted by kind', () => {
    // Prepare: the volume of a replaced node has a line of its own
    const swept = ['sg-1', 'vol-1', 'sg-2', 'snap-1', 'vol-2', 'i-7', 'sg-1'];

    // Act
    const lines = proofText({ ...proof, swept, kept: ['vol-1'] }).split('\n');

    // Assess
    expect(lines[0]).toMatch(/: 1 instance, 1 volume, 1 snapshot, 2 security groups$/);
    expect(lines[1]).toBe('of nodes that were replaced, deleted with it: vol-1');
    expect(proofText({ ...proof, swept: [] })).toMatch(/^\S+ is gone .*: terminated 1 instance\n/);
  });

  it('proofText names what remains of the cluster', () => {
    const remaining = { instances: ['i-9'], volumes: [], snapshots: [], securityGroups: [], bucketKeys: [] };
    expect(proofText({ ...proof, remaining })).toContain('still there: i-9');
  });
});

describe('times', () => {
  it.each([
    [0, '0s'],
    [59_000, '59s'],
    [60_000, '1m'],
    [200_000, '3m20s'],
    [7_500_000, '2h5m'],
    [450_000_000, '5d5h'],
    [377 * 86_400_000 + 7_200_000, '377d'],
    [-5, '0s'],
  ])('%d ms read %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it('are reported in tenths below a minute', () => {
    expect(between('2026-03-01T12:00:00.000Z', '2026-03-01T12:00:00.420Z')).toBe('0.4s');
    expect(between('2026-03-01T12:00:00.000Z', '2026-03-01T12:01:00.000Z')).toBe('1m');
  });
});

describe('progress without a terminal', () => {
  // The clock stands: times between two reads of a running one differ by what the machine does meanwhile.
  beforeEach(() => void vi.useFakeTimers({ now: NOW, toFake: ['Date'] }));
  afterEach(() => void vi.useRealTimers());

  it('is a line for each step that begins or ends, each once', async () => {
    // Prepare
    const { io, read } = captured();
    const startedAt = new Date(NOW).toISOString();
    const endedAt = new Date(NOW + 1_200).toISOString();
    const running = step({ startedAt });
    const done = step({ startedAt, endedAt, outcome: 'done' });
    const lines = createLines(io, 'apply shop');

    // Act
    lines.show(statusView({ phase: 'Configuring', nodes: [node()], operation: operation({ steps: [running] }) }));
    lines.show(statusView({ phase: 'Configuring', nodes: [node()], operation: operation({ steps: [running] }) }));
    lines.show(
      statusView({
        phase: 'Running',
        nodes: [node()],
        operations: [operation({ steps: [done], outcome: 'done', endedAt })],
      }),
    );
    await lines.end('done', 'shop is Running');

    // Assess
    expect(read().stdout).toBe('');
    expect(
      read()
        .stderr.trimEnd()
        .split('\n')
        .map((line) => line.replace(/^ *[\d.]+s /, '')),
    ).toEqual([
      'apply shop',
      'shop: Configuring',
      'server-1: join as server (usually under 3m)',
      'shop: Running',
      'server-1: join as server: done in 1.2s',
      'shop is Running',
    ]);
  });

  it('marks a step that the operation has failed of before: it may go back', async () => {
    // Prepare
    const { io, read } = captured();
    const at = (seconds: number): string => new Date(NOW + seconds * 1_000).toISOString();
    const refused = step({ startedAt: at(0), endedAt: at(1), outcome: 'failed', error: failure() });
    const back = step({ startedAt: at(2), endedAt: at(3), outcome: 'done' });
    const lines = createLines(io, 'resize shop');

    // Act
    lines.show(statusView({ nodes: [node()], operation: operation({ steps: [refused, back] }) }));
    await lines.end('failed', null);

    // Assess
    expect(read().stderr).toMatch(
      /join as server: failed: TypeNotOffered: .*\n.*join as server, again: done in 1\.0s\n/,
    );
  });

  it('says how long a step usually takes by runs of this cluster, and once that it takes longer', async () => {
    // Prepare: a join has taken ten seconds; this one has been running for twice as long.
    const { io, read } = captured();
    const ago = (seconds: number): string => new Date(NOW - seconds * 1_000).toISOString();
    const past = step({ startedAt: ago(600), endedAt: ago(590), outcome: 'done' });
    const before = operation({ id: 'op-0', steps: [past], outcome: 'done', startedAt: ago(600), endedAt: ago(590) });
    const late = step({ slot: 'server-2', startedAt: ago(21) });
    const status = statusView({ nodes: [node()], operations: [before], operation: operation({ steps: [late] }) });
    const lines = createLines(io, 'apply shop');

    // Act
    for (let time = 0; time < 3; time += 1) lines.show(status);
    await lines.end('done', null);

    // Assess
    const printed = read()
      .stderr.split('\n')
      .filter((line) => line.includes('server-2'));
    expect(printed.map((line) => line.replace(/^ *[\d.]+s /, ''))).toEqual([
      'server-2: join as server (usually 10s)',
      'server-2: join as server: 21s, longer than usual: 10s',
    ]);
  });
});

describe('progress on a terminal', () => {
  const running = step({ startedAt: '2026-03-01T12:00:48.000Z' });
  const joins = node({ slot: 'server-1', doing: 'join as server', ready: 'Unknown' });
  const past = step({ endedAt: '2026-03-01T12:00:15.000Z', outcome: 'done' });

  it('shows for each node how long its step takes, and usually takes by runs of this cluster', () => {
    // Prepare
    const before = operation({ id: 'op-0', steps: [past], outcome: 'done' });
    const status = statusView({ nodes: [joins], operations: [before], operation: operation({ steps: [running] }) });

    // Act
    const [wide, narrow] = [140, 60].map((columns) => nodeLine(joins, status, { columns, now: NOW }));

    // Assess
    expect(wide).toBe('server-1: join as server (12s of usually 15s)  i-1 10.0.0.4');
    expect(narrow).toBe('server-1: join as server (12s of usually 15s)');
  });

  it('marks what no run of this cluster stands behind, and says how long the operation takes so far', () => {
    // Prepare
    const status = statusView({
      phase: 'Configuring',
      nodes: [joins],
      operation: operation({ steps: [running], startedAt: '2026-03-01T12:00:36.000Z' }),
    });

    // Assess
    expect(nodeLine(joins, status, { columns: 60, now: NOW })).toBe(
      'server-1: join as server (12s of usually under 3m)',
    );
    expect(headOf(status, NOW)).toBe('Configuring: create, step 1/4, for 24s');
  });
});
