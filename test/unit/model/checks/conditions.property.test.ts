import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { conditionsOf, OBSERVED } from '#src/model/checks.js';
import { type ConditionResult, setConditions } from '#src/model/conditions.js';
import { withoutMeasured } from '#src/model/measured.js';
import { ASIDE, type ObservationFailure, SUBJECTS, type Subject } from '#src/model/observation-failure.js';
import { plan } from '#src/model/plan/index.js';
import type { ClusterState } from '#src/model/state.js';
import { statusOf } from '#src/model/status.js';
import { measuredWhole } from '../measured.js';
import { documentOf, shapes } from '../plan/documents.js';
import { settle } from '../plan/settle.js';
import { emptyState, ModelWorld } from '../plan/world.js';

const NOW = '2026-01-01T12:00:00.000Z';

/** A cluster after some rounds of plans, each left after some steps; then stopped, or another document wanted. */
const states = fc
  .tuple(shapes, fc.array(fc.nat(40), { maxLength: 5 }), shapes, fc.boolean(), fc.infiniteStream(fc.nat(1000)))
  .map(([first, rounds, second, isInitialized, stream]) => {
    const world = new ModelWorld();
    const state = emptyState(documentOf({ ...first, state: 'running' }));
    const pick = (n: number): number => (n === 0 ? 0 : (stream.next().value ?? 0) % n);
    if (isInitialized) settle(world, state, pick);
    for (const steps of rounds) world.run(state.document, state, plan(state), pick, steps, false);
    state.document = documentOf({ ...second, mode: first.mode });
    state.desiredState = second.state;
    return state;
  });

/** As if none of its nodes had ever answered anything. */
function unmeasured(state: ClusterState): ClusterState {
  const blank = { measured: {}, facts: null, installed: null };
  const slots = Object.entries(state.slots).map(([name, slot]) => [name, { ...slot, ...blank }]);
  const none = { securityGroups: null, observedNodes: null, checkedAt: '', watchedAt: null, apiAddress: null };
  return { ...state, ...none, slots: Object.fromEntries(slots) as ClusterState['slots'] };
}

const withStatus = (results: readonly ConditionResult[], status: ConditionResult['status']): string[] =>
  results.filter((one) => one.status === status).map((one) => one.type);

/** The status that people get, with the conditions of now. */
const shown = (state: ClusterState) =>
  statusOf({ ...state, conditions: setConditions([], conditionsOf(state), NOW, state.checkedAt) });

const refusal = (subject: Subject): ObservationFailure => ({
  subject,
  code: 'UnauthorizedOperation',
  class: 'auth',
  message: 'DescribeInstances by tag-key: UnauthorizedOperation: You are not authorized',
  hint: 'allow ec2:DescribeInstances',
  since: NOW,
});

const DEPENDS: Record<Subject, string[]> = {
  instances: ['InstancesRunning', 'InstancesTagged', 'InstanceTypesInSync', 'InstanceGroupsInSync'],
  groups: ['GroupRulesInSync'],
  checks: ['InstancesHealthy'],
  agents: ['AgentsOnline'],
  nodes: [
    'K3sInstalled',
    'K3sRunning',
    'ApiAvailable',
    'ApiServersReady',
    'NodesReady',
    'NodesWithoutPressure',
    'NodesLabelled',
    'NodeFilesInSync',
    'EtcdHealthy',
    'EtcdSpace',
    'CertificatesValid',
    'DisksFree',
    'ClocksSynchronized',
  ],
  bucket: [],
  events: [],
};

describe('the conditions of a cluster of which nothing was measured', () => {
  it('are never True, and its health is never Healthy', () => {
    fc.assert(
      fc.property(states, (state) => {
        const blank = unmeasured(state);
        expect(withStatus(conditionsOf(blank), 'True')).toEqual([]);
        expect(shown(blank).health).not.toBe('Healthy');
        expect(shown(blank).nodes.filter((node) => node.ready === 'True' || node.voter === 'True')).toEqual([]);
      }),
    );
  });

  it('are all Unknown, without a hint, before anything was launched', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const results = conditionsOf(emptyState(documentOf({ ...shape, state: 'running' })));
        expect(withStatus(results, 'Unknown')).toEqual(results.map((one) => one.type));
        expect(results.map((one) => one.hint).filter((hint) => hint !== '')).toEqual([]);
      }),
    );
  });
});

describe('the conditions of a cluster that was measured as a whole', () => {
  const whole = fc.tuple(shapes, fc.infiniteStream(fc.nat(1000))).map(([shape, stream]) => {
    const state = emptyState(documentOf({ ...shape, state: 'running' }));
    settle(new ModelWorld(), state, (n) => (n === 0 ? 0 : (stream.next().value ?? 0) % n));
    return measuredWhole(state, NOW);
  });

  it('are all True, and it is Healthy', () => {
    fc.assert(
      fc.property(whole, (state) => {
        const results = conditionsOf(state);
        expect(withStatus(results, 'True')).toEqual(results.map((one) => one.type));
        expect(shown(state).health).toBe('Healthy');
      }),
    );
  });

  it('are Unknown where they depend on what cannot be observed, and the cause is reported', () => {
    const hidden = fc.uniqueArray(fc.constantFrom(...SUBJECTS), { minLength: 1 });
    fc.assert(
      fc.property(whole, hidden, fc.constantFrom('own' as const, 'region' as const), (state, subjects, by) => {
        const blind = { ...state, unobserved: { own: [], region: [], [by]: subjects.map(refusal) } };
        const results = conditionsOf(blind);
        const depends = subjects.flatMap((subject) => DEPENDS[subject]);
        expect(withStatus(results, 'Unknown').sort()).toEqual(depends.sort());
        expect(withStatus(results, 'False')).toEqual([OBSERVED]);
        expect(results[0]).toMatchObject({
          type: OBSERVED,
          reason: 'ObservationFailed',
          hint: 'allow ec2:DescribeInstances',
        });
        expect(results[0]?.message).toMatch(/DescribeInstances.*UnauthorizedOperation.*since 2026-01-01T12:00/);
        expect(shown(blind).health).toBe('Unknown');
      }),
    );
  });

  it('are as they are, and so is the health, where the bucket or the queue cannot be read: only that is reported', () => {
    const aside = fc.uniqueArray(fc.constantFrom(...ASIDE), { minLength: 1 });
    fc.assert(
      fc.property(whole, aside, (state, subjects) => {
        const told = { ...state, unobserved: { own: [], region: subjects.map(refusal) } };
        const results = conditionsOf(told);
        expect(withStatus(results, 'False')).toEqual([OBSERVED]);
        expect(withStatus(results, 'Unknown')).toEqual([]);
        expect(results[0]?.message).toContain('UnauthorizedOperation');
        expect(shown(told).health).toBe('Healthy');
      }),
    );
  });

  it('are Unknown again where K3s was started again on a node, until that is measured', () => {
    fc.assert(
      fc.property(whole, fc.nat(), (state, which) => {
        const names = Object.keys(state.slots);
        const name = names[which % names.length] ?? '';
        const slot = state.slots[name];
        if (slot === undefined) throw new Error('no slot');
        const restarted = { ...state, slots: { ...state.slots, [name]: { ...slot, measured: withoutMeasured(slot) } } };
        const results = conditionsOf(restarted);
        expect(withStatus(results, 'False')).toEqual([]);
        expect(withStatus(results, 'Unknown')).toEqual(
          expect.arrayContaining(['K3sRunning', 'NodesReady', 'DisksFree']),
        );
        expect(results.find((one) => one.type === 'NodesReady')?.message).toContain(`${name}: not measured yet`);
        expect(shown(restarted).health).toBe('Unknown');
      }),
    );
  });

  it('are neither True nor False while the cluster is stopped', () => {
    fc.assert(
      fc.property(whole, (state) => {
        const results = conditionsOf({ ...state, desiredState: 'stopped' });
        const told = results.filter((one) => one.status !== 'Unknown').map((one) => one.type);
        expect(told).toEqual([OBSERVED, 'GroupRulesInSync', 'InstanceGroupsInSync', 'KubeconfigPublished']);
      }),
    );
  });
});
