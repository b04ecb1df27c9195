/** The gate that every call passes between its signature and its handler: what AWS would not take goes no further. */
import { AwsError } from '../aws-error.js';
import type { AwsCall } from '../contract.js';
import { filterViolationIn } from './filters.js';
import { readRequest } from './read-request.js';
import { tableOf } from './table.js';
import { violationIn } from './violation.js';
import { refusalFor, unknownAction } from './words.js';

/** @returns AWS's refusal of the request as it stands, null when it may be carried out */
export function refusalByTable(call: AwsCall): AwsError | null {
  const { service, action } = call;
  const table = tableOf(service);
  const entry = Object.hasOwn(table.calls, action) ? table.calls[action] : undefined;
  if (entry === undefined) return unknownAction(call);
  try {
    const input = readRequest(table, call, entry);
    const violation = violationIn(table, action, entry, input) ?? filterViolationIn(service, table, entry, input);
    return violation === null ? null : refusalFor(service, action, violation);
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
}
