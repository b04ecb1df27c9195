import type { RequestName } from '../model/requests/decide.js';
import type { Accepted } from '../workflows/cluster/messages.js';
import type { Requested } from './outputs.js';

/**
 * Returns the complete answer to a request: fields that do not apply are null, so that programs find each key whether or not the command
 * waits.
 */
export const requested = (
  cluster: string,
  request: RequestName,
  { operationId, message, plan, heard }: Accepted,
  more: Partial<Pick<Requested, 'changes' | 'warnings' | 'waited' | 'status' | 'proof'>> = {},
): Requested => ({
  cluster,
  request,
  operationId,
  message,
  plan,
  heard,
  changes: null,
  warnings: [],
  waited: false,
  status: null,
  proof: null,
  ...more,
});
