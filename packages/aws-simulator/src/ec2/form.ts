import type { AwsCall } from '../contract.js';

/** Parameters of a call of the Query protocol: POST's body, or GET's query. */
export function formOf(call: Pick<AwsCall, 'body' | 'query'>): URLSearchParams {
  return call.body.length > 0 ? new URLSearchParams(call.body.toString('utf8')) : call.query;
}
