import { emptySlot } from '../empty-slot.js';
import { nodeNameOf, slotIn } from '../ids.js';
import { fingerprint } from '../k3s/fingerprint.js';
import { filesFingerprint, groupOf, wantedBundles, wantedFiles } from '../node-files/wanted.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, NodeInstance, Slot } from '../state.js';
import { nodeConfigOf } from './wanted.js';

/** What the first server of a new cluster takes along in its user data. */
export interface Founding {
  nodeName: string;
  /** Its config.yaml, with placeholders for what only the instance knows. */
  config: string;
  /** Names what the document asks of the node: what was founded under another key is not what the document wants. */
  key: string;
}

/** Only ever the first instance of the first slot: what comes after it may find a cluster. */
export const FOUNDER = 'server-0';
const FIRST = { name: FOUNDER, role: 'server', pool: null } as const;
const GENERATION = 1;

/** Filled in on the node. [node-scripts/found.sh] */
const UNKNOWN: NodeInstance = {
  id: '@INSTANCE_ID@',
  type: '@TYPE@',
  imageId: '',
  architecture: 'amd64',
  subnetId: '',
  zone: '@ZONE@',
  privateIp: '@PRIVATE_IP@',
  publicIp: '@PUBLIC_IP@',
  launchedAt: '',
  power: 'running',
};

/**
 * Returns what the slot's instance founds the cluster with at its first boot, if it may: a cluster that is new, on a node without files, hooks and data volumes, which
 * have to be there before K3s starts. Asked before the launch of its only generation.
 */
export function foundingOf(document: ClusterDocument, state: ClusterState): Founding | null {
  const { initializedAt, restore, bootstrapServer, slots, generations } = state;
  const wanted = slotIn(document, FOUNDER);
  const isNew = initializedAt === null && restore === null && bootstrapServer === null;
  const isFirst =
    (generations[FOUNDER] ?? 0) <= GENERATION && !slots[FOUNDER]?.instance && !slots[FOUNDER]?.lastInstanceId;
  const hasMember = Object.values(slots).some((slot) => slot.joined);
  if (wanted === undefined || !isNew || !isFirst || hasMember) return null;
  if (wanted.volumes.length > 0 || wantedBundles(document, state)[groupOf(FIRST)] !== undefined) return null;
  return foundingWith(
    document,
    state,
    emptySlot(FIRST, GENERATION, nodeNameOf(document.metadata.name, FOUNDER, GENERATION)),
  );
}

/** Returns the key under which the first boot of this slot's instance founds the cluster of that document. */
export const foundingKey = (document: ClusterDocument, state: ClusterState, slot: Slot): string =>
  foundingWith(document, state, slot)?.key ?? '';

function foundingWith(document: ClusterDocument, state: ClusterState, slot: Slot): Founding | null {
  const wanted = slotIn(document, slot.name);
  if (wanted === undefined) return null;
  const { nodeName, generation } = slot;
  const founder = { ...state, bootstrapServer: `${slot.name}#${generation}` };
  const config = nodeConfigOf(document, founder, wanted, slot, UNKNOWN).text;
  const files = wantedFiles(document)[groupOf(slot)];
  const { version } = document.spec.k3s;
  const asked = [config, version, wanted.volumes, files === undefined ? null : filesFingerprint(files)];
  return { nodeName, config, key: fingerprint(JSON.stringify(asked)) };
}
