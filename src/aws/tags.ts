import type { Filter, ResourceType, Tag, TagSpecification } from '@aws-sdk/client-ec2';
import { type Owner, TAG } from '../model/tags.js';

/** Returns one set of tags for each kind of resource that a request makes. */
export function tagSpecifications(tags: Record<string, string>, ...types: ResourceType[]): TagSpecification[] {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return types.map((ResourceType) => ({ ResourceType, Tags }));
}

/**
 * Returns filters for all three tags, so that neither a reused name nor a copied uid matches resources of another installation or cluster.
 */
export function ownedBy(owner: Owner): Filter[] {
  return [
    { Name: `tag:${TAG.installation}`, Values: [owner.installation] },
    { Name: `tag:${TAG.uid}`, Values: [owner.uid] },
    { Name: `tag:${TAG.cluster}`, Values: [owner.cluster] },
  ];
}

export function tagValue(tags: Tag[] | undefined, key: string): string | undefined {
  return tags?.find((tag) => tag.Key === key)?.Value;
}

/** Tag of objects that nodes store: the stack's bucket forgets their old versions after a day. */
export const SECRET_TAG = 'keelson=secret';
