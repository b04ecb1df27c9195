import { nodeNameOf } from './ids.js';

/** AWS is the record of what exists: these tags, on all that is made, say whose it is. */
export const TAG = {
  installation: 'keelson:installation',
  cluster: 'keelson:cluster',
  uid: 'keelson:uid',
  slot: 'keelson:slot',
  generation: 'keelson:generation',
} as const;

/** On what was saved of a node that was replaced: `volume` or `snapshot`. Where a document has 44 tags there is no room for it on a volume. */
export const KEPT_TAG = 'keelson:kept';
/** On a data volume with `keep`: its name in the document. */
export const VOLUME_TAG = 'keelson:volume';
/** On a data volume with `keep`: what proves that Keelson has made it. */
export const SEAL_TAG = 'keelson:seal';
/** [docs: EC2 tag restrictions] */
export const MOST_TAGS = 50;

/** How many tags Keelson itself sets on a resource, Name included. */
export const OWN_TAGS = Object.keys(TAG).length + 1;

export interface Owner {
  /** Id of the installation: workers and commands of another one do not find what carries it. */
  installation: string;
  cluster: string;
  uid: string;
}

/** Tags of what belongs to the whole cluster, e.g. its security group. The document's own tags come first. */
export function clusterTags(owner: Owner, own: Record<string, string>): Record<string, string> {
  return { ...own, ...ownerTags(owner), Name: `keelson-${owner.cluster}` };
}

/** Tags of the snapshot of a root volume; its name is left out where there is no room for it. */
export function snapshotTags(
  owner: Owner & { slot: string; generation: number },
  own: Record<string, string>,
): Record<string, string> {
  const { Name: name, ...tags } = nodeTags(owner, own);
  const all = { ...tags, [KEPT_TAG]: 'snapshot' };
  return Object.keys(all).length < MOST_TAGS && name !== undefined ? { ...all, Name: name } : all;
}

/**
 * Tags of a data volume with `keep`. It is of a slot and not of a generation; its name is left out where there is no room for it, for the seal
 * comes to them later.
 */
export function dataVolumeTags(
  owner: Owner & { slot: string; volume: string },
  own: Record<string, string>,
): Record<string, string> {
  const tags = { ...own, ...ownerTags(owner), [TAG.slot]: owner.slot, [VOLUME_TAG]: owner.volume };
  const Name = `${owner.cluster}-${owner.slot}-${owner.volume}`;
  return Object.keys(tags).length + 1 < MOST_TAGS ? { ...tags, Name } : tags;
}

/** Tags of an instance and its volume. */
export function nodeTags(
  owner: Owner & { slot: string; generation: number },
  own: Record<string, string>,
): Record<string, string> {
  return {
    ...own,
    ...ownerTags(owner),
    [TAG.slot]: owner.slot,
    [TAG.generation]: String(owner.generation),
    Name: nodeNameOf(owner.cluster, owner.slot, owner.generation),
  };
}

/** What every resource of the owner carries. */
export const ownerTags = ({ installation, cluster, uid }: Owner): Record<string, string> => ({
  [TAG.installation]: installation,
  [TAG.cluster]: cluster,
  [TAG.uid]: uid,
});
