/** Pages of a describe call. The token names the last resource of the page before, so that changes in between do no harm. */
import { AwsError } from '../aws-error.js';
import type { Params } from './params.js';
import { invalidValue } from './params.js';

export interface Page<T> {
  items: T[];
  nextToken: string | null;
}

/** No page holds more, asked for or not. [docs: EC2 DescribeInstances] */
const MOST = 1_000;

/** @param most on a page, asked for or not @param keyOf a key that orders the resources and stays the same. */
export function pageOf<T>(all: T[], params: Params, keyOf: (resource: T) => string, least = 5, most = MOST): Page<T> {
  const asked = params.integer('MaxResults');
  if (asked !== undefined && (asked < least || asked > most)) {
    throw invalidValue('maxResults', String(asked), `Expecting a value between ${least} and ${most}.`);
  }
  const size = asked ?? most;
  const after = lastKey(params.text('NextToken'));
  const rest = all
    .map((resource) => ({ key: keyOf(resource), resource }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .filter(({ key }) => after === null || key > after);
  const items = rest.slice(0, size);
  const last = items.at(-1);
  const nextToken = rest.length > size && last !== undefined ? tokenOf(last.key) : null;
  return { items: items.map(({ resource }) => resource), nextToken };
}

function tokenOf(key: string): string {
  return Buffer.from(`after:${key}`).toString('base64url');
}

function lastKey(token: string | undefined): string | null {
  if (token === undefined || token === '') return null;
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('after:')) throw new AwsError('InvalidNextToken', 400, 'The token is not valid.');
  return text.slice('after:'.length);
}
