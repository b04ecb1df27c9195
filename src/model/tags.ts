import { nodeNameOf } from './ids.js';

/** AWS is the record of what exists: these tags, on all that is made, say whose it is. */
export const TAG = {
  cluster: 'keelson:cluster',
  uid: 'keelson:uid',
  slot: 'keelson:slot',
  generation: 'keelson:generation',
} as const;

/** How many tags Keelson itself sets on a resource, Name included. */
export const OWN_TAGS = Object.keys(TAG).length + 1;

export interface Owner {
  cluster: string;
  uid: string;
}

/** Tags of what belongs to the whole cluster, e.g. its security group. The document's own tags come first. */
export function clusterTags(owner: Owner, own: Record<string, string>): Record<string, string> {
  return { ...own, [TAG.cluster]: owner.cluster, [TAG.uid]: owner.uid, Name: `keelson-${owner.cluster}` };
}

/** Tags of an instance and its volume. */
export function nodeTags(
  owner: Owner & { slot: string; generation: number },
  own: Record<string, string>,
): Record<string, string> {
  return {
    ...own,
    [TAG.cluster]: owner.cluster,
    [TAG.uid]: owner.uid,
    [TAG.slot]: owner.slot,
    [TAG.generation]: String(owner.generation),
    Name: nodeNameOf(owner.cluster, owner.slot, owner.generation),
  };
}
