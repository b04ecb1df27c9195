/** `Filter.n.Name` and its values: values of one filter are alternatives, filters add up. [docs: EC2 filtering] */
import { AwsError } from '../aws-error.js';
import type { Params } from './params.js';

/** How to read a filter's field from a resource. */
export type Fields<T> = Record<string, (resource: T) => string | (string | null)[] | null>;

interface Filter {
  name: string;
  values: string[];
}

/** EC2 refuses more values. [docs: EC2 filtering] */
const MAX_VALUES = 200;

export function readFilters(params: Params): Filter[] {
  return params.structs('Filter').map((filter) => ({ name: filter.required('Name'), values: filter.list('Value') }));
}

/**
 * Returns the resources that match all filters. `tag:<key>`, `tag-key` and `tag-value` work for every taggable resource.
 * @throws InvalidParameterValue for an unknown filter, FilterLimitExceeded for too many values
 */
export function filtered<T extends { tags?: Record<string, string> }>(
  resources: Iterable<T>,
  params: Params,
  fields: Fields<T>,
): T[] {
  const tests = readFilters(params).map((filter) => testOf(filter, fields));
  return [...resources].filter((resource) => tests.every((test) => test(resource)));
}

function testOf<T extends { tags?: Record<string, string> }>(
  filter: Filter,
  fields: Fields<T>,
): (resource: T) => boolean {
  const { name, values } = filter;
  if (values.length > MAX_VALUES) {
    const message = `The maximum number of filter values specified on a single call is ${MAX_VALUES}`;
    throw new AwsError('FilterLimitExceeded', 400, message);
  }
  const read = readerOf(name, fields);
  const exact = new Set(values.filter((value) => !/[*?]/.test(value)));
  const patterns = values.filter((value) => /[*?]/.test(value)).map(patternOf);
  return (resource) =>
    read(resource).some((value) => exact.has(value) || patterns.some((pattern) => pattern.test(value)));
}

function readerOf<T extends { tags?: Record<string, string> }>(
  name: string,
  fields: Fields<T>,
): (resource: T) => string[] {
  if (name.startsWith('tag:')) {
    const key = name.slice('tag:'.length);
    return ({ tags }) => [tags?.[key] ?? []].flat();
  }
  if (name === 'tag-key') return ({ tags }) => Object.keys(tags ?? {});
  if (name === 'tag-value') return ({ tags }) => Object.values(tags ?? {});
  const field = fields[name];
  if (field === undefined) throw new AwsError('InvalidParameterValue', 400, `The filter '${name}' is invalid`);
  return (resource) => [field(resource)].flat().filter((value) => value !== null);
}

function patternOf(text: string): RegExp {
  const escaped = text.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's');
}
