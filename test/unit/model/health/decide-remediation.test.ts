import { describe, expect, it } from 'vitest';
import { conditionsOf } from '#src/model/checks.js';
import { factsOf } from '#src/model/health/facts.js';
import type { Finding } from '#src/model/health/findings.js';
import { replacementLimitOf, withReplacement } from '#src/model/health/replacement-limit.js';
import { restartDue, withRestart } from '#src/model/health/restarts.js';
import { staleNodesAmong } from '#src/model/health/stale-nodes.js';
import type { NodeObservation } from '#src/model/observation.js';
import { lostInstance } from '#src/model/plan/lost-instance.js';
import type { ClusterState, Slot } from '#src/model/state.js';
import { change, ids, ill, later, NOW, planned, running, slotOf } from './state.js';

/** SSM has lost its agent, and Kubernetes calls it not Ready. */
const dead = (state: ClusterState, name: string): ClusterState =>
  change(ill(ill(state, name, 'agent'), name, 'ready'), name, { notReadySince: NOW });
const agent = (state: ClusterState): string =>
  Object.values(state.slots).find((slot) => slot.role === 'agent')?.name ?? '';

const NO_FACTS = factsOf({}, null, NOW, false);

describe('the plan for an unhealthy node', () => {
  it('goes on with a replacement where it was interrupted: the node is removed, and its instance goes', () => {
    const state = change(dead(running(), 'server-1'), 'server-1', { joined: false });
    expect(ids(state)).not.toContain('remove-node:server-1');
    expect(ids(state)).toEqual(expect.arrayContaining(['save-volume:server-1', 'terminate-for-replacement:server-1']));
  });

  it('replaces at once a new instance that fails its status checks: it holds nothing', () => {
    const fresh = { joined: false, configHash: null, service: 'stopped' } as const;
    const state = change(ill(running(), 'server-1', 'instance-check'), 'server-1', fresh);
    expect(ids(state)).toContain('terminate-for-replacement:server-1');
    expect(ids(state)).not.toContain('save-volume:server-1');
  });

  it('restarts K3s that does not serve, at once and then less and less often', () => {
    const state = ill(running(), 'server-2', 'readyz');
    expect(ids(state)).toEqual([
      'check-quorum:server-2',
      'recheck-quorum:server-2',
      'start-service:server-2',
      'verify',
    ]);
    const restarted = change(state, 'server-2', { restarts: { count: 3, at: NOW } });
    expect(planned(restarted)).toMatchObject({ steps: [], until: later(2) });
    expect(ids(restarted, later(2))).toContain('start-service:server-2');
  });

  it('sends no restart to a node whose agent one observation has seen lost: it would wait for that agent', () => {
    const troubled = ill(ill(running(), 'server-2', 'instance-check'), 'server-2', 'ready');
    expect(ids(troubled)).toContain('start-service:server-2');

    const once = { text: 'SSM has lost its agent', confirmed: false, since: NOW, pendingSince: NOW };
    const doubted = { ...troubled, findings: { ...troubled.findings, 'server-2/agent': once } };
    expect(ids(doubted)).toEqual([]);
    expect(
      ids({ ...doubted, findings: { ...ill(running(), 'server-2', 'readyz').findings, 'server-2/agent': once } }),
    ).toEqual([]);
  });

  it('starts K3s that is down with the same patience, as phase Configuring', () => {
    const down = change(ill(running(), 'server-2', 'service'), 'server-2', { service: 'stopped' });
    expect(planned(down).steps[0]).toMatchObject({ id: 'start-service:server-2', phase: 'Configuring' });
    expect(planned(down)).toMatchObject({ kind: 'repair' });
    const again = change(down, 'server-2', { restarts: { count: 1, at: NOW } });
    expect(planned(again)).toMatchObject({ steps: [], until: later(0.5) });
  });

  it('does one node at a time, servers first, and lost instances before all', () => {
    const state = running({ agents: 4 });
    const both = dead(dead(state, agent(state)), 'server-1');
    expect(ids(both).filter((id) => id.startsWith('reboot'))).toEqual(['reboot:server-1']);
    const lost = { ...both, slots: { ...both.slots, 'server-2': lostInstance(slotOf(both, 'server-2')) } };
    expect(ids(lost).filter((id) => /^(retire|reboot)/.test(id))).toEqual([]);
    expect(ids(lost)).toContain('launch:server-2');
  });

  it('touches no server while another one is unhealthy', () => {
    const state = ill(dead(running(), 'server-1'), 'server-0', 'voter');
    expect(planned(state)).toMatchObject({ steps: [], blocked: { code: 'QuorumAtRisk' } });
  });

  it('says what it would do, and does it once it is asked to, with autoRepair: false', () => {
    const health = { ...running().document.spec.health, autoRepair: false };
    const state = dead(running({ spec: { health } }), 'server-1');
    expect(planned(state)).toMatchObject({ steps: [], blocked: { code: 'RepairApprovalRequired' } });
    expect(ids({ ...state, repairAsked: true })).toContain('reboot:server-1');
  });

  it('does nothing about what the last observation has not seen any more', () => {
    for (const kind of ['agent', 'ready', 'readyz', 'certificates', 'database', 'nospace'] as const) {
      const state = ill(running(), 'server-1', kind);
      const finding = { ...state.findings[`server-1/${kind}`], pendingSince: NOW } as Finding;
      expect(ids(state, later(5)), kind).not.toEqual([]);
      expect(ids({ ...state, findings: { [`server-1/${kind}`]: finding } }, later(5)), kind).toEqual([]);
    }
  });

  it('renews certificates and makes room in etcd by a restart, once a day at most and not for the only server', () => {
    const state = ill(running(), 'server-1', 'certificates');
    expect(ids(state)).toContain('start-service:server-1');
    const done = change(state, 'server-1', { upkeepAt: NOW });
    expect(planned(done)).toMatchObject({ steps: [], until: later(24 * 60) });
    expect(ids(ill(running(), 'server-0', 'database'))).toContain('start-service:server-0');
    expect(ids(ill(running({ mode: 'dev' }), 'server-0', 'database'))).toEqual([]);
    const full = change(ill(running(), 'server-0', 'database'), 'server-0', {
      facts: { ...NO_FACTS, databaseUsedMiB: 1536 },
    });
    expect(ids(full)).toEqual([]);
    expect(ids(ill(running({ mode: 'dev' }), 'server-0', 'certificates'))).toContain('start-service:server-0');
  });

  it('makes room at once in an etcd that takes no more writes, less and less often, and leaves one alone that is corrupt', () => {
    const window = { start: '0 2 * * *', duration: '1h', timezone: 'UTC' };
    const spec = { upgrade: { maxUnavailable: 1, drainTimeout: '5m', window } };
    const state = ill(running({ spec }), 'server-1', 'nospace');
    expect(ids(state)).toEqual([
      'check-quorum:server-1',
      'recheck-quorum:server-1',
      'start-service:server-1',
      'verify',
    ]);
    expect(ids(change(state, 'server-1', { upkeepAt: NOW }))).toContain('start-service:server-1');
    const tried = change(state, 'server-1', {
      restarts: withRestart(withRestart(slotOf(state, 'server-1').restarts, NOW), NOW),
    });
    expect(ids(tried)).toEqual([]);
    expect(ids(tried, later(1))).toContain('start-service:server-1');
    expect(ids(change(state, 'server-1', { facts: { ...NO_FACTS, databaseUsedMiB: 2000 } }))).toEqual([]);
    expect(ids(ill(running({ mode: 'dev' }), 'server-0', 'nospace'))).toContain('start-service:server-0');
    expect(ids(ill(running(), 'server-1', 'corrupt'))).toEqual([]);
  });

  it('keeps upkeep for the window, and nothing else', () => {
    const spec = {
      upgrade: {
        maxUnavailable: 1,
        drainTimeout: '5m',
        window: { start: '0 2 * * *', duration: '1h', timezone: 'UTC' },
      },
    };
    const state = ill(running({ spec }), 'server-1', 'certificates');
    expect(planned(state)).toMatchObject({ steps: [], until: '2026-01-02T02:00:00.000Z' });
    expect(ids(state, '2026-01-02T02:30:00.000Z')).toContain('start-service:server-1');
    expect(ids(ill(state, 'server-2', 'readyz'))).toContain('start-service:server-2');
  });

  it('removes stale nodes, and sets tags again where the document wants that', () => {
    const state = running();
    const haunted = {
      ...state,
      findings: { 'stale-node/x-g1': { text: 't', confirmed: true, since: NOW, pendingSince: null } },
    };
    expect(ids(haunted)).toEqual(['remove-stale-nodes', 'verify']);
    const bare = (one: ClusterState) => {
      const { instance } = slotOf(one, 'server-1');
      return change(one, 'server-1', { instance: instance && { ...instance, untagged: true } });
    };
    expect(ids(bare(state))).toEqual([]);
    expect(ids(bare(running({ spec: { drift: 'repair' } })))).toEqual(['tag:server-1', 'verify']);
  });

  it('takes a type that someone else has given as it is, or back', () => {
    const retyped = (one: ClusterState) => {
      const { instance } = slotOf(one, 'server-1');
      return change(one, 'server-1', { instance: instance && { ...instance, type: 'm6i.large' } });
    };
    const left = retyped(running());
    // The label of the type follows.
    expect(ids(left)).toEqual(['label-nodes']);
    expect(conditionsOf(left).find((one) => one.type === 'InstanceTypesInSync')).toMatchObject({
      status: 'False',
      reason: 'Drifted',
    });
    const back = retyped(running({ spec: { drift: 'repair' } }));
    expect(ids(back)).toContain('change-type:server-1');
    expect(planned(back).kind).toBe('repair');
  });
});

describe('the replacement rate limit', () => {
  const lost = (state: ClusterState, names: string[]): ClusterState => ({
    ...state,
    slots: Object.fromEntries(
      Object.entries(state.slots).map(([name, slot]) => [name, names.includes(name) ? lostInstance(slot) : slot]),
    ),
  });

  it('lets three nodes be replaced within an hour, then parks and says until when', () => {
    const state = running({ agents: 4 });
    const agents = Object.values(state.slots).flatMap((slot) => (slot.role === 'agent' ? [slot.name] : []));
    const four = lost(state, agents);
    expect(ids(four).filter((id) => id.startsWith('launch'))).toHaveLength(3);
    const spent = { ...lost(state, agents.slice(3)), replacements: [later(-50), later(-20), later(-10)] };
    expect(planned(spent)).toMatchObject({ steps: [], blocked: { code: 'RepairRateLimited' }, until: later(10) });
    expect(ids({ ...spent, repairAsked: true })).toContain(`launch:${agents[3]}`);
    expect(ids(spent, later(10))).toContain(`launch:${agents[3]}`);
  });

  it('counts what was within the hour', () => {
    const slots = running().slots;
    expect(replacementLimitOf({ slots, replacements: [], repairAsked: false }, NOW)).toEqual({
      budget: 3,
      until: null,
    });
    expect(withReplacement([later(-61), later(-59)], NOW)).toEqual([later(-59), NOW]);
  });
});

describe('restarts', () => {
  it('wait twice as long each time, at most a quarter of an hour, and begin again after an hour', () => {
    const waits: number[] = [];
    let restarts = withRestart(null, NOW);
    for (let count = 0; count < 8; count += 1) {
      waits.push((Date.parse(restartDue(restarts) ?? '') - Date.parse(restarts.at)) / 1_000);
      restarts = withRestart(restarts, restartDue(restarts) ?? '');
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900, 900]);
    expect(withRestart({ count: 9, at: NOW }, later(61))).toEqual({ count: 1, at: later(61) });
  });
});

describe('stale nodes', () => {
  const view = (name: string, ready = false): NodeObservation => ({
    name,
    ready,
    voter: null,
    version: 'v',
    schedulable: true,
    internalIp: '',
  });

  it('are nodes of ours without a slot that are not Ready', () => {
    const state = running();
    const cluster = state.document.metadata.name;
    const older = { ...state, generations: { ...state.generations, 'server-1': 2 } };
    const slots = { ...state.slots, 'server-1': { ...slotOf(state, 'server-1'), nodeName: `${cluster}-server-1-g2` } };
    const seen = [
      `${cluster}-server-1-g1`,
      `${cluster}-server-1-g2`,
      `${cluster}-server-1-g3`,
      'someone',
      `${cluster}-x-g1`,
    ];
    expect(
      staleNodesAmong(
        { ...older, slots },
        seen.map((name) => view(name)),
      ).map((node) => node.name),
    ).toEqual([`${cluster}-server-1-g1`]);
    expect(staleNodesAmong({ ...older, slots }, [view(`${cluster}-server-1-g1`, true)])).toEqual([]);
  });
});

describe('what is reported about etcd', () => {
  const told = (state: ClusterState) => conditionsOf(state).find((one) => one.type === 'EtcdHealthy');
  const facts = (at: string, leads: boolean): Partial<Slot> => ({ facts: { ...NO_FACTS, at, leads } });

  it('names the leader, of two that were reported one after the other the later one', () => {
    expect(told(running())?.message).toBe('3 of 3 etcd members vote, 2 are needed');
    const one = change(change(running(), 'server-0', facts(NOW, false)), 'server-1', facts(NOW, true));
    expect(told(one)?.message).toBe('3 of 3 etcd members vote, 2 are needed; server-1 leads');
    expect(told(change(one, 'server-2', facts(later(1), true)))?.message).toContain('server-2 leads');
  });

  it('is an alarm, and what to do about it', () => {
    const state = ill(running(), 'server-1', 'corrupt');
    expect(told(state)).toMatchObject({ status: 'False', reason: 'Alarm' });
    expect(told(state)?.message).toBe('3 of 3 etcd members vote, 2 are needed; server-1: corrupt of server-1');
    expect(told(state)?.hint).toContain('restore a snapshot');
  });
});
