import { ApplicationFailure, workflowInfo } from '@temporalio/workflow';
import { STATE_FROM_OUTSIDE, workflowIdProblem } from '../../model/execution.js';
import { readRestoreFrom } from '../../model/restore/state.js';
import { parseDocument } from '../../model/spec/parse.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import { violationText } from '../../model/spec/violation.js';
import type { ClusterState } from '../../model/state.js';
import { initialState } from './state/initial.js';
import { unpack } from './state/pack.js';

/** A cluster document, and the person who starts it. */
export type ClusterInput = (ClusterDocument | Record<string, unknown>) & {
  requestedBy?: string;
  /** Uid of an earlier cluster of the name, which a person wants taken over although another workflow owns it. */
  adopt?: string;
  /** Backup that the new cluster is made from. */
  restoreFrom?: unknown;
};

/**
 * State of an execution at its start: unpacked after continue-as-new, else made from the document.
 *
 * @throws ApplicationFailure `InvalidSpec`, naming each path, for an input that is not a valid document or not one for this workflow id
 */
export function startState(input: ClusterInput, carried: Uint8Array | undefined): ClusterState {
  const { workflowId, continuedFromExecutionRunId: continuedFromRunId } = workflowInfo();
  if (carried !== undefined && continuedFromRunId === undefined) throw refused(STATE_FROM_OUTSIDE);
  // A worker that is too old for the state fails this task, not the workflow: a newer one continues.
  const state = carried === undefined ? newState(input) : unpack(carried);
  const problem = workflowIdProblem(workflowId, state.document.metadata.name);
  if (problem !== null) throw refused(problem);
  return state;
}

function newState(input: ClusterInput): ClusterState {
  const { requestedBy, adopt, restoreFrom, ...document } = input ?? {};
  const from = readRestoreFrom(restoreFrom);
  if (restoreFrom !== undefined && from === null)
    throw refused('restoreFrom is not {"cluster": "<name>", "uid": "<uid>", "id": "<backup>"}');
  const parsed = parseDocument(document);
  if (parsed.ok) return initialState(parsed.document, requestedBy ?? 'workflow start', adopt ?? null, from);
  const problems = parsed.violations.map(violationText);
  throw refused(`the cluster document has ${problems.length} problem(s): ${problems.join('; ')}`, problems);
}

const refused = (message: string, problems: readonly string[] = [message]): ApplicationFailure =>
  ApplicationFailure.nonRetryable(message, 'InvalidSpec', ...problems);
