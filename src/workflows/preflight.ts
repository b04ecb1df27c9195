import { ApplicationFailure, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { Activities, ErrorDetail } from '../activities/api.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import type { ErrorClass } from '../model/state.js';
import { classOf, detailOf } from './lib/errors.js';

/** One attempt: a person waits for the answer. */
const { resolveLaunchConfig } = proxyActivities<Activities>({
  startToCloseTimeout: '20s',
  scheduleToCloseTimeout: '25s',
  heartbeatTimeout: '8s',
  retry: { maximumAttempts: 1 },
});

export interface PreflightInput {
  document: ClusterDocument;
  /** Whether a node uses the networks of pods and services. */
  networksInUse: boolean;
  /** Names of the slots that get an instance. */
  launching?: string[];
}

/** What AWS or the operator would refuse the worker; null for nothing. */
export type PreflightResult = (Pick<ErrorDetail, 'code' | 'message' | 'hint' | 'types'> & { class: ErrorClass }) | null;

/**
 * Asks the account, as the worker, for everything that a launch depends on, and whether the worker may launch with this profile. It makes
 * nothing. `plan` runs it, because the credentials of the person who plans say nothing about the worker's permissions.
 */
export async function preflight({ document, networksInUse, launching }: PreflightInput): Promise<PreflightResult> {
  const { region, account } = document.spec;
  try {
    await resolveLaunchConfig({
      region,
      ...(account === undefined ? {} : { account }),
      cluster: document.metadata.name,
      uid: '',
      operation: 'preflight',
      traceId: workflowInfo().runId,
      document,
      networksInUse,
      ...(launching !== undefined && { launching }),
    });
    return null;
  } catch (error) {
    const [detail, kind] = [detailOf(error), classOf(error)];
    if (detail === null || kind === null) throw ApplicationFailure.nonRetryable('the account was not asked', 'unknown');
    const { code, message, hint, types } = detail;
    return { code, message, hint, class: kind, ...(types === undefined ? {} : { types }) };
  }
}
