import type { ClusterState } from '../../model/state.js';
import type { Cluster } from './context.js';
import { createStatusPublisher } from './status/publisher.js';

/** Makes what handlers, loop and steps share, at the start of a history. */
export function createCluster(state: ClusterState): Cluster {
  const inbox = { revision: 0, cancelRequested: false, breakerResets: 0 };
  return {
    state,
    inbox,
    control: {
      launching: new Map(),
      batchCalls: new Map(),
      bootstrapFailed: null,
      cancel: null,
      interruptWaits: null,
      replanRequested: false,
      leaving: false,
      loss: null,
      refused: null,
    },
    status: createStatusPublisher({ state, inbox }),
    observations: { areCurrent: false, cutShort: 0, gateOpenSince: null, passed: null, watchEnsured: false },
    deletion: { swept: [], remaining: null, backupsUntil: null },
  };
}
