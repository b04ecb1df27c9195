import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { SearchAttribute } from '../config/search-attributes.js';
import { accountIdOf, ofAccount } from '../model/account-role.js';
import { workflowIdOf } from '../model/execution.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import type { Accepted, ApplyRequest, DeletionProof } from '../workflows/cluster/messages.js';

type ClusterWorkflow = (input: unknown) => Promise<DeletionProof>;

/**
 * Starts the cluster's workflow, or sends the request to the existing one, in one call, so that two simultaneous applies do not collide.
 */
export function applyDocument(
  client: Client,
  taskQueue: string,
  document: ClusterDocument,
  request: Omit<ApplyRequest, 'document'> & { requestedBy: string },
): Promise<Accepted> {
  const { name } = document.metadata;
  const account = accountIdOf(document.spec.account);
  const start = new WithStartWorkflowOperation<ClusterWorkflow>('cluster', {
    workflowId: workflowIdOf(name),
    taskQueue,
    args: [
      {
        ...document,
        requestedBy: request.requestedBy,
        ...(request.adopt === undefined ? {} : { adopt: request.adopt }),
        ...(request.restoreFrom === undefined ? {} : { restoreFrom: request.restoreFrom }),
      },
    ],
    // An existing cluster keeps its content.
    workflowIdConflictPolicy: request.restoreFrom === undefined ? 'USE_EXISTING' : 'FAIL',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    staticSummary: `K3s cluster ${name} in ${document.spec.region}${ofAccount(document.spec.account)}`,
    typedSearchAttributes: [
      keyword('K3sPhase', 'Pending'),
      keyword('K3sRegion', document.spec.region),
      keyword('K3sVersion', document.spec.k3s.version),
      ...(account === null ? [] : [keyword('K3sAccount', account)]),
    ],
  });
  // Rejected when the start fails, as the update itself is: one of the two is enough.
  start.workflowHandle().catch(() => undefined);
  return client.workflow.executeUpdateWithStart<ClusterWorkflow, Accepted, [unknown]>('apply', {
    ...(request.requestId === undefined ? {} : { updateId: request.requestId }),
    args: [{ document, ...request }],
    startWorkflowOperation: start,
  });
}

const keyword = (name: SearchAttribute, value: string) => ({ key: defineSearchAttributeKey(name, 'KEYWORD'), value });
