import { nodeNameOf } from './ids.js';

/** Tags on everything that Keelson makes, which name its owner: AWS is the record of what exists. */
export const TAG = {
  installation: 'keelson:installation',
  cluster: 'keelson:cluster',
  uid: 'keelson:uid',
  slot: 'keelson:slot',
  generation: 'keelson:generation',
} as const;

/** On what was saved of a replaced node: `volume` or `snapshot`. A document with 44 tags leaves no room for it on a volume. */
export const KEPT_TAG = 'keelson:kept';
/** On a data volume with `keep`: its name in the document. */
export const VOLUME_TAG = 'keelson:volume';
/** On a data volume with `keep`: the seal that proves that Keelson has made it. */
export const SEAL_TAG = 'keelson:seal';
/** Limits of AWS. [docs: EC2 tag restrictions] */
export const MOST_TAGS = 50;

/** How many tags Keelson itself sets on a resource, Name included. */
export const OWN_TAGS = Object.keys(TAG).length + 1;

export interface Owner {
  /** Id of the installation: workers and commands of another one do not find the resource. */
  installation: string;
  cluster: string;
  uid: string;
}

/** Returns the tags of resources of the whole cluster, e.g. its security group. The document's own tags come first. */
export function clusterTags(owner: Owner, own: Record<string, string>): Record<string, string> {
  return { ...own, ...ownerTags(owner), Name: `keelson-${owner.cluster}` };
}

/** Returns the tags of the snapshot of a root volume; its name is left out if there is no room for it. */
export function snapshotTags(
  owner: Owner & { slot: string; generation: number },
  own: Record<string, string>,
): Record<string, string> {
  const { Name: name, ...tags } = nodeTags(owner, own);
  const all = { ...tags, [KEPT_TAG]: 'snapshot' };
  return Object.keys(all).length < MOST_TAGS && name !== undefined ? { ...all, Name: name } : all;
}

/**
 * Returns the tags of a data volume with `keep`. It belongs to a slot and not to a generation; its name is left out if there is no room for
 * it, because the seal follows later.
 */
export function dataVolumeTags(
  owner: Owner & { slot: string; volume: string },
  own: Record<string, string>,
): Record<string, string> {
  const tags = { ...own, ...ownerTags(owner), [TAG.slot]: owner.slot, [VOLUME_TAG]: owner.volume };
  const Name = `${owner.cluster}-${owner.slot}-${owner.volume}`;
  return Object.keys(tags).length + 1 < MOST_TAGS ? { ...tags, Name } : tags;
}

/** Returns the tags of an instance and its volume. */
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

/** Returns the tags of every resource of the owner. */
export const ownerTags = ({ installation, cluster, uid }: Owner): Record<string, string> => ({
  [TAG.installation]: installation,
  [TAG.cluster]: cluster,
  [TAG.uid]: uid,
});
