import { plan } from '#src/model/plan/index.js';
import { isRotated } from '#src/model/rotation/state.js';
import type { ClusterState } from '#src/model/state.js';
import type { ModelWorld } from './world.js';

const ROUNDS = 12;

/** Plans and does until nothing is left to do, as the workflow's loop does; `serves`: all servers are up when it begins. */
export function settle(world: ModelWorld, state: ClusterState, pick: (n: number) => number, serves = true): void {
  for (let round = 0; round < ROUNDS; round += 1) {
    const next = plan(state);
    if (next.steps.length === 0) {
      if (isRotated(state)) state.rotation = null;
      if (state.desiredState === 'running') state.initializedAt ??= '2026-01-01T00:00:00Z';
      return;
    }
    const ids = next.steps.map((step) => step.id);
    if (new Set(ids).size < ids.length) world.alarms.push(`a step twice in one plan: ${ids.join(', ')}`);
    // A stopped cluster has no server to spare: it may get the group of a pool that its document names.
    const calm = serves && state.desiredState === 'running' && ['update', 'resize', 'rotate'].includes(next.kind);
    world.run(state.document, state, next, pick, Number.POSITIVE_INFINITY, calm);
  }
  world.alarms.push(
    `does not converge: ${plan(state)
      .steps.map((step) => step.id)
      .join(', ')}`,
  );
}
