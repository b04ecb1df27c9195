import { describe, expect, it } from 'vitest';
import { labelLines, sameLabels } from '#src/model/node-labels/wanted.js';
import { plan } from '#src/model/plan/index.js';
import type { ClusterDocument } from '#src/model/spec/schema.js';
import type { ClusterState } from '#src/model/state.js';
import { pool, valid } from '../spec/sample.js';
import { settle } from './settle.js';
import { emptyState, ModelWorld } from './world.js';

const withPool = (fields: Record<string, unknown>, spec: Record<string, unknown> = {}): ClusterDocument =>
  valid({ mode: 'dev', pools: [pool({ count: 2, ...fields })], ...spec });
const config = (fields: Record<string, unknown>) => ({ k3s: { version: 'v1.34.2+k3s1', config: fields } });

function running(document: ClusterDocument): ClusterState {
  const world = new ModelWorld();
  const state = emptyState(document);
  settle(world, state, () => 0);
  expect(world.alarms).toEqual([]);
  return { ...state, operation: null };
}

describe('labels and taints', () => {
  const of = (labels: Record<string, string>, taints: string[] = []) => ({ labels, taints });

  it('are the same in any order, and in no other case', () => {
    expect(
      sameLabels(
        of({ a: '1', b: '2' }, ['x=:NoSchedule', 'y=:NoExecute']),
        of({ b: '2', a: '1' }, ['y=:NoExecute', 'x=:NoSchedule']),
      ),
    ).toBe(true);
    expect(sameLabels(of({ a: '1' }), of({ a: '2' }))).toBe(false);
    expect(sameLabels(of({ a: '1' }), of({ b: '1' }))).toBe(false);
    expect(sameLabels(of({ a: '1' }), of({ a: '1', b: '2' }))).toBe(false);
    expect(sameLabels(of({}, ['x=:NoSchedule']), of({}, ['x=:NoExecute']))).toBe(false);
    expect(sameLabels(of({}, ['x=:NoSchedule']), of({}))).toBe(false);
  });
});

describe('labels and taints of nodes that run', () => {
  it('change through the API, in one step for all nodes and without a restart', () => {
    // Prepare
    const state = running(withPool({ labels: { disk: 'hdd', tier: 'old' }, taints: ['old=x:NoSchedule'] }));
    const document = withPool({ labels: { disk: 'ssd' }, taints: ['dedicated=batch:NoSchedule'] });

    // Act
    const next = plan({ ...state, document });

    // Assess
    expect(next).toMatchObject({ kind: 'update' });
    expect(next.steps).toMatchObject([
      {
        id: 'label-nodes',
        title:
          'workers-0, workers-1: set label disk=ssd, set taint dedicated=batch:NoSchedule, remove label tier, remove taint old=x:NoSchedule',
        disruption: 'none',
      },
    ]);
    expect(labelLines(document, { ...state, document }, false).filter((line) => line.includes('workers-0'))).toEqual(
      ['label disk=ssd', 'taint dedicated=batch:NoSchedule', 'unlabel tier=old', 'untaint old=x:NoSchedule'].map(
        (what) => expect.stringMatching(new RegExp(`workers-0-g1 ${what.replaceAll('/', '.')}$`)),
      ),
    );
  });

  it('of servers come from k3s.config, and need no restart either', () => {
    const state = running(withPool({}));
    const document = withPool(
      {},
      config({ 'node-label': ['zone=a'], 'node-taint': ['CriticalAddonsOnly=true:NoExecute'] }),
    );

    expect(plan({ ...state, document }).steps).toMatchObject([
      { kind: 'label-nodes', title: 'server-0: set label zone=a, set taint CriticalAddonsOnly=true:NoExecute' },
    ]);
  });

  it('are set again when someone has changed them by hand, also without autoRepair', () => {
    const document = withPool({ labels: { disk: 'ssd' } }, { health: { autoRepair: false } });
    const found = { text: 'label disk=ssd', confirmed: true, since: '', pendingSince: null };
    const state = { ...running(document), findings: { 'workers-1/labels': found } };

    expect(plan({ ...state, document })).toMatchObject({
      kind: 'repair',
      steps: [{ kind: 'label-nodes', title: 'set labels and taints of workers-1 again' }],
    });
  });

  it('wait for a node that is down, and a node that registers has them', () => {
    const state = running(withPool({}));
    const document = withPool({ labels: { disk: 'ssd' } });
    for (const slot of Object.values(state.slots)) if (slot.role === 'agent') slot.agentOnline = false;

    const kinds = plan({ ...state, document }).steps.map(({ kind }) => kind);

    expect(kinds).not.toContain('label-nodes');
    expect(plan({ ...running(document), document }).steps).toEqual([]);
  });

  it('that are written in another way are the same', () => {
    const state = running(withPool({ taints: ['quick:NoExecute'] }));
    const document = withPool({ taints: ['quick=:NoExecute'] });
    expect(plan({ ...state, document }).steps).toEqual([]);
  });
});
