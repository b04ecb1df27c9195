import { describe, expect, it } from 'vitest';
import { conditionsOf } from '#src/model/checks.js';
import { factsOf } from '#src/model/health/facts.js';
import { measurePublished, recordPublished } from '#src/model/kubeconfig.js';
import type { ClusterState } from '#src/model/state.js';
import { change, NOW, planned, running, slotOf } from './health/state.js';

const told = (state: ClusterState, name: string, facts: Record<string, string>): ClusterState =>
  change(state, name, { facts: factsOf(facts, null, NOW, true) });

/** The bootstrap server's kubeconfig is published, and its node has reported its certificates. */
function published(until: string): ClusterState {
  const state = told(running(), 'server-0', { 'cert-earliest': until });
  recordPublished(state, { ...slotOf(state, 'server-0'), facts: null }, state.apiAddress);
  measurePublished(state, slotOf(state, 'server-0'));
  return state;
}

describe('the published kubeconfig', () => {
  it('is left alone while its server holds the same certificate', () => {
    expect(planned(published('2027-01-01T00:00Z')).steps).toEqual([]);
  });

  it('is stored again, once, when K3s has renewed the certificate, by whatever restart', () => {
    // Prepare
    const state = told(published('2026-03-01T00:00Z'), 'server-0', { 'cert-earliest': '2027-01-01T00:00Z' });
    // Act
    const plan = planned(state);
    recordPublished(state, slotOf(state, 'server-0'), state.apiAddress);
    // Assess
    expect(plan).toMatchObject({ kind: 'repair', steps: [{ kind: 'publish', disruption: 'none' }] });
    expect(plan.reason).toMatch(/the certificate in it ends sooner/);
    expect(planned(state).steps).toEqual([]);
  });

  it('is stored again when its server was replaced by one with a younger certificate', () => {
    // Prepare
    const state = published('2026-06-01T00:00Z');
    const replaced = { ...state, kubeconfigFrom: 'server-0#0' };
    // Act
    const before = planned(replaced).steps;
    const after = planned(told(replaced, 'server-0', { 'cert-earliest': '2027-01-01T00:00Z' }));
    // Assess
    expect(before).toEqual([]);
    expect(after.steps.map((step) => step.kind)).toEqual(['publish']);
  });

  it('is renewed although repairs wait for a person: it takes nothing from anyone', () => {
    const state = told(published('2026-03-01T00:00Z'), 'server-0', { 'cert-earliest': '2027-01-01T00:00Z' });
    state.document = {
      ...state.document,
      spec: { ...state.document.spec, health: { ...state.document.spec.health, autoRepair: false } },
    };
    expect(planned(state).steps.map((step) => step.kind)).toEqual(['publish']);
  });
});

describe("the cluster's CA", () => {
  const authorities = (end: string) => {
    const state = told(running(), 'server-1', { 'ca-earliest': end });
    return conditionsOf(state, NOW).find((one) => one.type === 'AuthoritiesValid');
  };

  it.each([
    ['2035-12-30T00:00Z', 'True', 'Valid', ''],
    ['2028-06-01T00:00Z', 'True', 'EndsSoon', /keelson rotate \S+ ca /],
    ['2026-12-01T00:00Z', 'False', 'EndsSoon', /keelson rotate \S+ ca /],
    ['2025-12-01T00:00Z', 'False', 'Ended', /keelson rotate \S+ ca /],
  ])('that ends on %s: %s, %s', (end, status, reason, hint) => {
    const result = authorities(end);
    expect(result).toMatchObject({ status, reason });
    expect(result?.message).toContain(end.slice(0, 10));
    expect(result?.hint).toMatch(hint);
  });
});
