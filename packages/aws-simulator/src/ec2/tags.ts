import { AwsError } from '../aws-error.js';
import type { Xml } from '../xml.js';
import { invalidValue, type Params } from './params.js';

/** [docs: EC2 tag restrictions] */
const MOST = 50;

/** Returns the tags for one kind of resource out of `TagSpecification.n`. */
export function specifiedTags(params: Params, resourceType: string): Record<string, string> {
  const specifications = params
    .structs('TagSpecification')
    .filter((spec) => spec.text('ResourceType') === resourceType);
  return readTags(specifications.flatMap((specification) => specification.structs('Tag')));
}

export function readTags(pairs: Params[]): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const pair of pairs) {
    const key = pair.required('Key');
    const value = pair.text('Value') ?? '';
    if (key.length > 127 || /^aws:/i.test(key)) {
      throw invalidValue('tag-key', key, 'Tag keys have at most 127 characters and do not begin with "aws:".');
    }
    if (value.length > 255) throw invalidValue('tag-value', value, 'Tag values have at most 255 characters.');
    if (key in tags) throw invalidValue('tag-key', key, 'Duplicate tag key specified.');
    tags[key] = value;
  }
  if (Object.keys(tags).length > MOST) throw tooMany();
  return tags;
}

/** @throws TagLimitExceeded, without any change */
export function addTags(target: Record<string, string>, tags: Record<string, string>): void {
  if (new Set([...Object.keys(target), ...Object.keys(tags)]).size > MOST) throw tooMany();
  Object.assign(target, tags);
}

export function tagSet(tags: Record<string, string>): Xml {
  return Object.entries(tags).map(([key, value]) => ({ key, value }));
}

function tooMany(): AwsError {
  return new AwsError('TagLimitExceeded', 400, `The maximum number of tags for a resource is ${MOST}`);
}
