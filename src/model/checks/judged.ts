import { nodesUnlisted } from '../health/unlisted.js';
import { slotsOf, type WantedSlot } from '../ids.js';
import type { NodeObservation } from '../observation.js';
import type { ClusterState, Slot } from '../state.js';

/** A state, with what the checks look up in it for each node: found once for all of them, because they are asked with each step of hundreds. */
export interface Judged extends ClusterState {
  /** Every slot of the document, and what it is by now; undefined for one that was never launched. */
  readonly places: readonly { readonly wanted: WantedSlot; readonly slot: Slot | undefined }[];
  /** Slots, and nodes without one, of which anything was found, confirmed or not. */
  readonly troubled: ReadonlySet<string>;
  /** Why no server lists the nodes of Kubernetes; null while one does. */
  readonly unlisted: string | null;
  /** The nodes that Kubernetes was last seen to have, by name. */
  readonly seen: ReadonlyMap<string, NodeObservation>;
}

export const judged = (state: ClusterState): Judged => ({
  ...state,
  places: slotsOf(state.document).map((wanted) => ({ wanted, slot: state.slots[wanted.name] })),
  troubled: new Set(Object.keys(state.findings).map((key) => key.slice(0, key.indexOf('/')))),
  unlisted: nodesUnlisted(state),
  seen: new Map(state.observedNodes?.nodes.map((node) => [node.name, node])),
});
