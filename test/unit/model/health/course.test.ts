import { describe, expect, it } from 'vitest';
import { conditionsOf } from '#src/model/checks.js';
import { troubleText } from '#src/model/health/outlook.js';
import type { ClusterState } from '#src/model/state.js';
import { change, deeds, ids, ill, later, NOW, planned, running, seen, slotOf } from './state.js';

const DAY = 24 * 60;
const message = (state: ClusterState, type: string) => conditionsOf(state).find((one) => one.type === type)?.message;

/** A machine that is dead: SSM has lost its agent, and Kubernetes calls its node not Ready. */
const dead = (state: ClusterState, name: string): ClusterState =>
  change(ill(ill(state, name, 'agent'), name, 'ready'), name, { notReadySince: NOW });

describe('a node whose SSM agent is lost, and that Kubernetes calls Ready', () => {
  it('is rebooted once a day, behind the gate and drained, and never replaced', () => {
    const lost = ill(running(), 'server-1', 'agent');
    expect(planned(lost)).toMatchObject({ steps: [], until: later(5) });
    expect(ids(lost, later(5))).toEqual([
      'check-quorum:server-1',
      'drain:server-1',
      'recheck-quorum:server-1',
      'reboot:server-1',
      'uncordon:server-1',
      'verify',
    ]);
    const rebooted = change(lost, 'server-1', { rebootedAt: later(5) });
    for (const minutes of [6, 35, 60, DAY - 1]) expect(ids(rebooted, later(minutes)), `${minutes}`).toEqual([]);
    expect(deeds(rebooted, later(5 + DAY))).toEqual(['reboot:server-1']);
  });

  it('is left alone when Kubernetes could not be asked since', () => {
    const lost = ill(running(), 'server-1', 'agent', later(10));
    const before = { ...lost, observedNodes: lost.observedNodes && { ...lost.observedNodes, at: later(9) } };
    expect(deeds(before, later(DAY * 3))).toEqual([]);
    expect(deeds({ ...lost, failedObservations: 1 }, later(DAY * 3))).toEqual([]);
    expect(deeds({ ...lost, observationStartedAt: later(20) }, later(DAY * 3))).toEqual([]);
  });

  it('says so, and what happens next', () => {
    const lost = ill(running(), 'server-1', 'agent');
    expect(message(lost, 'AgentsOnline')).toBe(
      '4 of 5 SSM agents are online; server-1: agent of server-1 since 12:00Z; Kubernetes calls the node Ready, so it is not replaced; reboot not before 12:05Z',
    );
    const rebooted = change(lost, 'server-1', { rebootedAt: later(5) });
    expect(message(rebooted, 'AgentsOnline')).toContain('rebooted at 12:05Z; next reboot not before 2026-01-02 12:05Z');
  });
});

describe('a machine that is dead', () => {
  it('is rebooted, then stopped and started, and replaced when its node was not Ready for half an hour', () => {
    const state = dead(running(), 'server-1');
    expect(deeds(state)).toEqual(['reboot:server-1']);
    const rebooted = change(state, 'server-1', { rebootedAt: NOW });
    expect(planned(rebooted)).toMatchObject({ steps: [], until: later(5) });
    expect(ids(rebooted, later(5))).toEqual([
      'check-quorum:server-1',
      'recheck-quorum:server-1',
      'stop-instance:server-1',
      'start-instance:server-1',
      'wait-for-agent:server-1',
      'start-service:server-1',
      'publish',
      'verify',
    ]);
    const cycled = change(rebooted, 'server-1', { powerCycledAt: later(5) });
    expect(planned(cycled, later(6))).toMatchObject({ steps: [], until: later(30) });
    expect(ids(cycled, later(30))).toEqual([
      'check-quorum:server-1',
      'save-volume:server-1',
      'recheck-quorum:server-1',
      'remove-node:server-1',
      'terminate-for-replacement:server-1',
      'launch:server-1',
      'wait-for-agent:server-1',
      'join:server-1',
      'verify',
    ]);
  });

  it('is not replaced before a stop and start has had its time, however long it has been down', () => {
    const cycled = change(dead(running(), 'workers-0'), 'workers-0', {
      rebootedAt: later(50),
      powerCycledAt: later(60),
    });
    expect(deeds(cycled, later(64))).toEqual([]);
    expect(deeds(cycled, later(65))).toContain('terminate-for-replacement:workers-0');
  });

  it('is not stopped where it cannot be started again', () => {
    const state = dead(running(), 'workers-0');
    const { instance } = slotOf(state, 'workers-0');
    const spot = change(state, 'workers-0', {
      rebootedAt: NOW,
      instance: instance && { ...instance, unstoppable: true },
    });
    expect(deeds(spot, later(29))).toEqual([]);
    expect(deeds(spot, later(30))).toContain('terminate-for-replacement:workers-0');
  });

  it('is replaced without what is gentler never', () => {
    for (const tried of [{}, { rebootedAt: NOW }, { powerCycledAt: later(-61) }])
      expect(deeds(change(dead(running(), 'workers-0'), 'workers-0', tried), later(600))).not.toContain(
        'terminate-for-replacement:workers-0',
      );
  });

  it.each([
    ['snapshot', true],
    ['keep', true],
    ['delete', false],
  ] as const)('with keepVolume %s', (keepVolume, saves) => {
    const health = { ...running().document.spec.health, keepVolume };
    const cycled = change(dead(running({ spec: { health } }), 'server-1'), 'server-1', {
      rebootedAt: NOW,
      powerCycledAt: later(5),
    });
    expect(ids(cycled, later(30)).includes('save-volume:server-1')).toBe(saves);
    expect(ids(cycled, later(30))).toContain('terminate-for-replacement:server-1');
  });

  it('has its waits from spec.health.replaceAfter', () => {
    const health = { ...running().document.spec.health, replaceAfter: '6m' };
    const state = change(dead(running({ spec: { health } }), 'server-1'), 'server-1', { rebootedAt: NOW });
    expect(planned(state).until).toBe(later(1));
    expect(deeds(change(state, 'server-1', { powerCycledAt: later(1) }), later(6))).toContain(
      'terminate-for-replacement:server-1',
    );
  });
});

describe('a system status check that fails', () => {
  const failing = (name: string) =>
    change(ill(ill(running(), name, 'system-check'), name, 'ready'), name, {
      notReadySince: NOW,
      restarts: { count: 3, at: NOW },
    });

  it('is reported, and nothing is done while Kubernetes calls the node Ready', () => {
    const state = ill(running(), 'server-1', 'system-check');
    for (const minutes of [0, 15, 30, DAY]) expect(ids(state, later(minutes))).toEqual([]);
    expect(message(state, 'InstancesHealthy')).toContain('Kubernetes calls the node Ready, so nothing is done to it');
  });

  it('waits for the automatic recovery of EC2, then the instance is stopped and started, then replaced', () => {
    const state = failing('server-1');
    expect(planned(state)).toMatchObject({ steps: [], until: later(15) });
    expect(deeds(state, later(15))).toEqual(['stop-instance:server-1', 'start-service:server-1']);
    const cycled = change(state, 'server-1', { powerCycledAt: later(15) });
    expect(deeds(cycled, later(29))).toEqual([]);
    expect(deeds(cycled, later(30))).toContain('terminate-for-replacement:server-1');
  });

  it('is never answered by a reboot, which stays on the host', () => {
    const lost = change(ill(failing('server-1'), 'server-1', 'agent'), 'server-1', {});
    for (const minutes of [0, 5, 15, 30, DAY]) expect(deeds(lost, later(minutes))).not.toContain('reboot:server-1');
  });

  it('says what is waited for and until when, in the condition and in what the plan waits for', () => {
    const state = failing('server-1');
    const next =
      "waiting for EC2's automatic recovery until 12:15Z, then stop and start; replacement not before 12:30Z";
    expect(message(state, 'InstancesHealthy')).toBe(
      `4 of 5 instances fail no status check; server-1: system-check of server-1 since 12:00Z; ${next}`,
    );
    expect(planned(state).waitsFor).toMatchObject({ until: later(15) });
    expect(planned(state).waitsFor?.for).toContain(next);
  });

  it('is over for now when the last observation has not seen it', () => {
    const state = failing('server-1');
    const finding = state.findings['server-1/system-check'];
    const doubted = {
      ...state,
      findings: { ...state.findings, 'server-1/system-check': { ...finding, pendingSince: NOW } },
    };
    expect(deeds(doubted as ClusterState, later(15))).not.toContain('stop-instance:server-1');
    expect(troubleText(doubted as ClusterState, slotOf(state, 'server-1'), 'system-check')).toContain(
      'the next one tells',
    );
  });
});

describe('an instance status check that fails', () => {
  it('is answered by a reboot, then by a stop and start, and by a replacement last', () => {
    const state = change(ill(ill(running(), 'server-1', 'instance-check'), 'server-1', 'ready'), 'server-1', {
      notReadySince: NOW,
      restarts: { count: 3, at: later(-2) },
    });
    expect(deeds(state)).toEqual(['reboot:server-1']);
    const rebooted = change(state, 'server-1', { rebootedAt: NOW });
    expect(deeds(rebooted, later(5))).toEqual(['stop-instance:server-1', 'start-service:server-1']);
    const cycled = change(rebooted, 'server-1', { powerCycledAt: later(5) });
    expect(deeds(cycled, later(29))).toEqual([]);
    expect(deeds(cycled, later(30))).toContain('terminate-for-replacement:server-1');
  });

  it('and one of EBS volumes is reported, and no more', () => {
    const state = ill(running(), 'workers-0', 'volume-check');
    expect(ids(state, later(DAY))).toEqual([]);
    expect(message(state, 'InstancesHealthy')).toContain('workers-0: volume-check of workers-0');
  });
});

describe('a node that is not Ready on a machine against which nothing is held', () => {
  const notReady = (tried: object) =>
    change(ill(running(), 'workers-0', 'ready'), 'workers-0', { notReadySince: NOW, ...tried });

  it('has K3s restarted three times, is rebooted, stopped and started, and replaced last', () => {
    expect(deeds(notReady({}))).toEqual(['start-service:workers-0']);
    const restarted = notReady({ restarts: { count: 3, at: later(2) } });
    expect(planned(restarted, later(3))).toMatchObject({ steps: [], until: later(4) });
    expect(deeds(restarted, later(4))).toEqual(['reboot:workers-0']);
    const rebooted = notReady({ restarts: { count: 3, at: later(2) }, rebootedAt: later(4) });
    expect(deeds(rebooted, later(9))).toEqual(['stop-instance:workers-0', 'start-service:workers-0']);
    const cycled = notReady({ rebootedAt: later(4), powerCycledAt: later(9) });
    expect(deeds(cycled, later(29))).toEqual([]);
    expect(deeds(cycled, later(30))).toContain('terminate-for-replacement:workers-0');
  });

  it('is only restarted while a change to it has not succeeded: the machine is not what is wrong', () => {
    const changed = notReady({ restarts: { count: 3, at: later(2) }, configHash: 'of before' });
    expect(deeds(changed, later(DAY)).filter((id) => !id.startsWith('start-service'))).toEqual([]);
  });

  it('is only started again when its K3s is down', () => {
    const down = notReady({ service: 'stopped', restarts: { count: 9, at: later(2) } });
    expect(deeds(down, later(DAY))).toEqual(['start-service:workers-0']);
  });

  it('is not rebooted while more than two of five nodes are not Ready', () => {
    const many = ill(
      ill(notReady({ restarts: { count: 3, at: later(-5) } }), 'workers-1', 'ready'),
      'server-2',
      'ready',
    );
    expect(planned(many)).toMatchObject({ blocked: { code: 'NodesNotReady' } });
    expect(deeds(many).filter((id) => id.startsWith('reboot'))).toEqual([]);
  });
});

describe('the only server', () => {
  it('is rebooted when EC2 holds something against it and it cannot be asked, and never replaced', () => {
    const state = ill(ill(running({ mode: 'dev', agents: 0 }), 'server-0', 'instance-check'), 'server-0', 'agent');
    const unasked = { ...state, observationStartedAt: later(1) };
    expect(deeds(unasked, later(1))).toEqual(['reboot:server-0']);
    const cycled = change(unasked, 'server-0', { rebootedAt: later(1), powerCycledAt: later(6) });
    expect(planned(cycled, later(DAY))).toMatchObject({ steps: [], blocked: { code: 'SingleServer' } });
  });

  it('is left alone when only its agent is lost: no one else can be asked', () => {
    const state = ill(running({ mode: 'dev', agents: 1 }), 'server-0', 'agent');
    expect(planned({ ...state, observationStartedAt: later(1) }, later(DAY))).toMatchObject({
      steps: [],
      blocked: { code: 'AgentsUnreachable' },
    });
  });
});

describe('a server that is in doubt', () => {
  it('keeps the others from being taken down', () => {
    const state = dead(running(), 'server-1');
    for (const kind of ['ready', 'voter', 'readyz', 'service'] as const) {
      const once = { text: 't', confirmed: false, since: NOW, pendingSince: NOW };
      const doubted = { ...state, findings: { ...state.findings, [`server-0/${kind}`]: once } };
      expect(planned(doubted), kind).toMatchObject({ steps: [], blocked: { code: 'QuorumAtRisk' } });
    }
    const unknown = seen(ill(ill(running(), 'server-1', 'system-check'), 'server-0', 'agent', later(60)), later(59));
    expect(deeds(change(unknown, 'server-1', { notReadySince: NOW }), later(90))).toEqual([]);
  });
});
