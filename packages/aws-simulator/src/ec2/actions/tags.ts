import { AwsError } from '../../aws-error.js';
import type { Action, Ec2Context } from '../context.js';
import { type Fields, filtered } from '../filters.js';
import { findGroup, findInstance, findSnapshot, findVolume } from '../find.js';
import { pageOf } from '../pages.js';
import { missing, type Params } from '../params.js';
import { addTags, readTags } from '../tags.js';

export const createTags: Action = (context, params) => {
  const tags = readTags(params.structs('Tag'));
  for (const resource of resources(context, params)) addTags(resource.tags, tags);
  return { return: true };
};

/** Without tags it removes all; with a value only a tag of that value. */
export const deleteTags: Action = (context, params) => {
  const pairs = params.structs('Tag');
  for (const { tags } of resources(context, params)) {
    const keys = pairs.length === 0 ? Object.keys(tags) : pairs.map((pair) => pair.required('Key'));
    for (const key of keys) {
      const value = pairs.find((pair) => pair.text('Key') === key)?.text('Value');
      if (value === undefined || value === tags[key]) delete tags[key];
    }
  }
  return { return: true };
};

interface TagRow {
  resourceId: string;
  resourceType: string;
  key: string;
  value: string;
}

const FIELDS: Fields<TagRow & { tags?: Record<string, string> }> = {
  'resource-id': ({ resourceId }) => resourceId,
  'resource-type': ({ resourceType }) => resourceType,
  key: ({ key }) => key,
  value: ({ value }) => value,
};

export const describeTags: Action = ({ account }, params) => {
  const rows = account
    .tagged()
    .flatMap(({ id, type, tags }) =>
      Object.entries(tags).map(([key, value]): TagRow => ({ resourceId: id, resourceType: type, key, value })),
    );
  const wanted = filtered(rows as (TagRow & { tags?: Record<string, string> })[], params, FIELDS);
  const page = pageOf(wanted, params, (row) => `${row.resourceId}/${row.key}`);
  const tagSet = page.items.map(({ resourceId, resourceType, key, value }) => ({
    resourceId,
    resourceType,
    key,
    value,
  }));
  return { tagSet, nextToken: page.nextToken };
};

function resources(context: Ec2Context, params: Params): { tags: Record<string, string> }[] {
  const ids = params.list('ResourceId');
  if (ids.length === 0) throw missing('ResourceId');
  return ids.map((id) => {
    if (id.startsWith('i-')) return findInstance(context, id);
    if (id.startsWith('vol-')) return findVolume(context, id);
    if (id.startsWith('snap-')) return findSnapshot(context, id);
    if (id.startsWith('sg-')) return findGroup(context, id);
    throw new AwsError('InvalidID', 400, `The ID '${id}' is not valid`);
  });
}
