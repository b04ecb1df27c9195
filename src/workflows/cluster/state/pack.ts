import { deflate, inflate } from 'pako';
import type { ClusterState } from '../../../model/state.js';
import { upgradeState } from '../../../model/upgrade.js';

/**
 * Packs the state for the next history: JSON, deflated. For 53 nodes it is some hundred KiB, mostly repeated words, and a server keeps it
 * twice for each new history. [docs/adr/0015]
 */
export const pack = (state: ClusterState): Uint8Array => deflate(JSON.stringify(state));

/**
 * Returns the state that an earlier history, perhaps of an earlier version of this program, has packed.
 *
 * @throws Error for bytes that are not a packed state, or of a later version of this program
 */
export const unpack = (packed: Uint8Array): ClusterState =>
  upgradeState(JSON.parse(inflate(packed, { toText: true })) as ClusterState);
