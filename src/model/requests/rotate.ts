import { quorumLost } from '../plan/quorum-lost.js';
import { restoreInTheWay } from '../restore/in-the-way.js';
import { cancelRefusal, ROTATIONS, type Rotation } from '../rotation/state.js';
import type { ClusterState } from '../state.js';
import { accepted, type Decision, invalid, refused, unchanged } from './decision.js';

/**
 * Decides about a rotation. It loses nothing, so it needs no confirmation; holders of the old secret outside of the cluster need the new
 * one afterwards.
 */
export function rotate(state: ClusterState, { what: asked, cancel = false }: Record<string, unknown>): Decision {
  const { name } = state.document.metadata;
  const what = ROTATIONS.find((one) => one === asked);
  const lost = quorumLost(state);
  if (what === undefined) return invalid(`rotate wants {"what": "<one of ${ROTATIONS.join(', ')}>"}`);
  if (typeof cancel !== 'boolean') return invalid('cancel is neither true nor false');
  if (cancel) return cancelRotation(state, what);
  if (state.rotation?.what === what) return unchanged(`a rotation of ${name} (${what}) is under way`);
  if (state.rotation !== null)
    return refused(`a rotation of ${name} (${state.rotation.what}) is under way: wait for its end`);
  const restoring = restoreInTheWay(state);
  if (restoring !== null) return refused(restoring);
  if (state.desiredState === 'stopped') return refused(`${name} is stopped: keelson start ${name} first`);
  if (state.paused) return refused(`${name} is paused: keelson resume ${name} first`);
  if (state.initializedAt === null || state.adoption !== 'done')
    return refused(`${name} was never up yet: there is nothing to rotate`);
  if (lost) return refused(`nothing can be rotated: ${lost.message}`);
  if (what === 'encryption-key' && state.document.spec.k3s.config['secrets-encryption'] === false)
    return refused(
      `${name} does not encrypt its secrets (spec.k3s.config.secrets-encryption): there is no key to rotate`,
    );
  // Each node makes its own certificates.
  const ready = what === 'certificates';
  const rotation = { what, ref: `t${state.jobCount}`, backup: null, server: null, ready, taken: [] };
  return accepted(`${what} will be rotated`, { rotation, breakers: {} });
}

/** The present step finishes, and no other one begins. */
function cancelRotation({ rotation, document }: ClusterState, what: Rotation): Decision {
  const { name } = document.metadata;
  if (rotation === null) return unchanged(`no rotation of ${name} is under way`);
  if (rotation.what !== what)
    return refused(`the rotation of ${name} that is under way is another one: ${rotation.what}`);
  const why = cancelRefusal(rotation);
  if (why !== null) return refused(`the rotation of ${name} (${what}) cannot be cancelled: ${why}`);
  return accepted(`the rotation (${what}) is cancelled: nodes that have what is new keep it`, { rotation: null });
}
