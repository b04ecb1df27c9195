import type { AwsCall } from '../contract.js';

/** Record, table, permissions and service read the same request one after the other. */
const known = new WeakMap<Buffer, URLSearchParams>();

/** Parameters of a call of the Query protocol: POST's body, or GET's query. No one changes them. */
export function formOf({ body, query }: Pick<AwsCall, 'body' | 'query'>): URLSearchParams {
  if (body.length === 0) return query;
  const form = known.get(body) ?? new URLSearchParams(body.toString('utf8'));
  known.set(body, form);
  return form;
}
