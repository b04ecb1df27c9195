import { describe, expect, it } from 'vitest';
import { applyCheck, findingKey, suspicionsIn } from '#src/model/health/findings.js';
import type { ClusterState } from '#src/model/state.js';
import { documentOf } from '../plan/documents.js';
import { settle } from '../plan/settle.js';
import { emptyState, ModelWorld } from '../plan/world.js';

const FIRST = '2026-03-01T12:00:00.000Z';
const SECOND = '2026-03-01T12:00:15.000Z';

function seen(key: string, text: string, times: readonly string[], more: Partial<ClusterState> = {}): ClusterState {
  const state = emptyState(documentOf({ mode: 'ha' }));
  settle(new ModelWorld(), state, () => 0);
  const findings = times.reduce((known, at) => applyCheck(known, key, text, at), {});
  return { ...state, ...more, findings, checkedAt: times.at(-1) ?? FIRST };
}

describe('a suspicion', () => {
  it('is what one observation has seen, and none once a second one has', () => {
    const key = findingKey('server-1', 'readyz');
    expect(suspicionsIn(seen(key, 'its API server is not ready', [FIRST]))).toEqual([
      { of: 'server-1', message: 'its API server is not ready', since: FIRST },
    ]);
    expect(suspicionsIn(seen(key, 'its API server is not ready', [FIRST, SECOND]))).toEqual([]);
  });

  it('names a stale node by its name', () => {
    expect(suspicionsIn(seen('stale-node/demo-workers-0-g0', 'a node without an instance', [FIRST]))).toMatchObject([
      { of: 'demo-workers-0-g0' },
    ]);
  });

  it('is nothing that a start brings about for a while, and anything else meanwhile', () => {
    const toldOf = (kind: 'ready' | 'disk') => {
      const state = seen(findingKey('server-1', kind), 'something', [FIRST]);
      const slot = state.slots['server-1'];
      if (slot === undefined) throw new Error('no server-1');
      return suspicionsIn({ ...state, slots: { ...state.slots, 'server-1': { ...slot, graceUntil: SECOND } } });
    };
    expect(toldOf('ready')).toEqual([]);
    expect(toldOf('disk')).toHaveLength(1);
  });
});
