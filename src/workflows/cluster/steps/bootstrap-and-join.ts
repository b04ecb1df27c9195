import { CancellationScope, CancelledFailure, condition } from '@temporalio/workflow';
import { BUCKET_KEY } from '../../../model/bucket.js';
import { slotIn } from '../../../model/ids.js';
import { recordInstalled } from '../../../model/k3s/installed.js';
import { recordPublished } from '../../../model/kubeconfig.js';
import { wantedLabels } from '../../../model/node-labels/wanted.js';
import { foundingKey } from '../../../model/plan/founding.js';
import type { Step } from '../../../model/plan/index.js';
import { apiAddressOf, bootstrapServerOf, joinTarget } from '../../../model/plan/wanted.js';
import { recordTaken } from '../../../model/rotation/state.js';
import * as transition from '../../../model/state/transitions.js';
import type { ClusterState, Slot } from '../../../model/state.js';
import { detailOf, failure } from '../../lib/errors.js';
import { runJob } from '../../lib/node-job.js';
import { elapse } from '../../lib/result-time.js';
import { type Started, startNode } from '../../lib/start-node.js';
import { apply, startOf } from '../apply.js';
import { type Cluster, now, slotOf } from '../context.js';
import { missing, observeKubernetes, recordObservedNodes } from '../observe/kubernetes.js';
import { releaseParams } from './install.js';

const VERIFY_TRIES = 60;
/** How long one observation of `verify` waits on the node: a node is Ready seconds after its unit is active. */
const PATIENCE_SECONDS = 20;

/** Where a node sends the kubeconfig. */
export const KUBECONFIG_PUT = { method: 'PUT', key: BUCKET_KEY.kubeconfig } as const;

/**
 * Sets the first server up: installs K3s, starts it with cluster-init, once in a cluster's life, and leaves tokens and kubeconfig in the
 * bucket. One job does it all: everything waits for this node, and each round trip to it costs seconds.
 */
export async function bootstrap(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  cluster.state.bootstrapServer = `${slot.name}#${slot.generation}`;
  const address = cluster.state.document.spec.access.apiHostname ?? slot.instance?.publicIp ?? slot.instance?.privateIp;
  const started = await startNode(cluster, slot, {
    script: 'bootstrap',
    summary: 'install K3s and bootstrap the cluster (cluster-init)',
    params: {
      ...releaseParams(cluster, slot),
      FOUNDING: foundingKey(cluster.state.document, cluster.state, slot),
      ...(address === undefined ? {} : { API_ADDRESS: address }),
    },
    presign: {
      TOKEN_PUT: { method: 'PUT', key: BUCKET_KEY.serverToken },
      AGENT_TOKEN_PUT: { method: 'PUT', key: BUCKET_KEY.agentToken },
      KUBECONFIG_PUT,
    },
  }).catch((error: unknown) => {
    if (detailOf(error)?.code === 'FoundedOtherwise' && slot.instance !== null)
      apply(cluster, slot, transition.foundedOtherwise(slot.instance));
    throw error;
  });
  recordInstalled(cluster.state, slot, started.document.spec.k3s.version);
  recordPublished(cluster.state, slot, address ?? null);
  cluster.state.caHash = caHashIn(started.result) ?? cluster.state.caHash;
  joined(cluster, slot, started);
}

export const caHashIn = ({ 'ca-hash': hash }: Record<string, string>): string | null =>
  hash !== undefined && /^[0-9a-f]{64}$/.test(hash) ? hash : null;

/** How long a join waits on its node for the first server. If that takes longer, the node joins when the bootstrap step has ended. */
const TOKEN_WAIT_SECONDS = 60;

/**
 * Installs K3s; a further server joins with the secure token and is done when it is a voter; an agent joins with the agent token. A join that is sent
 * before its first server is up waits on its node, and counts when that server is up: until then its cluster may be another one.
 */
export async function join(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { state } = cluster;
  // Whatever its disk has is of before the restore, and is set aside once.
  const restoring = state.restore !== null;
  if (state.restore !== null) slot.resetFor = state.restore.ref;
  // Both begin in one pass over the plan, in any order.
  await condition(() => joinTarget(state) !== null || !isBeginning(state) || bootstrapServerOf(state) !== null);
  let started = await joinBehind(cluster, slot, firstServerOf(state));
  if (started.result['waited'] !== undefined) {
    await untilBegun(state);
    started = await startJoin(cluster, slot, null);
  }
  if (restoring) await untilBegun(state);
  recordInstalled(state, slot, started.document.spec.k3s.version);
  joined(cluster, slot, started);
}

/** Returns the server whose tokens a join waits for: the one that is being set up or restored. Null where another server is up. */
function firstServerOf(state: ClusterState): Slot | null {
  if (state.restore !== null) return state.slots[state.restore.rehearsedOn?.slot ?? ''] ?? null;
  return joinTarget(state) === null ? bootstrapServerOf(state) : null;
}

/** Waits until the cluster that the node joins has begun. A restore that has failed is planned again, and the join with it. */
async function untilBegun(state: ClusterState): Promise<void> {
  await condition(() => !isBeginning(state));
  if (state.restore !== null) throw new CancelledFailure('the restore has not come to its end');
}

/**
 * Joins; a job that waits on its node for the first server is given up as soon as the bootstrap has failed. Else each failed bootstrap would
 * hold up the next try, also that of a corrected document, for as long as the nodes wait. A restore has several steps, and its joins stay.
 */
async function joinBehind(cluster: Cluster, slot: Slot, bootstrapServer: Slot | null) {
  const { state } = cluster;
  if (bootstrapServer === null || state.restore !== null) return startJoin(cluster, slot, bootstrapServer);
  return CancellationScope.cancellable(async () => {
    const job = startJoin(cluster, slot, bootstrapServer);
    await Promise.race([job, bootstrapFailed(cluster)]);
    // Also where the job has ended: nothing waits any more.
    CancellationScope.current().cancel();
    return job;
  });
}

/**
 * Resolves when the first server has failed and no other is up. One for all joins: the SDK asks each condition after each activation, and each of
 * five hundred would look through the steps of all.
 */
function bootstrapFailed({ state, control }: Cluster): Promise<void> {
  // A join that is cancelled leaves it to the others.
  control.bootstrapFailed ??= CancellationScope.nonCancellable(() =>
    condition(() => !isBeginning(state) && joinTarget(state) === null),
  ).finally(() => {
    control.bootstrapFailed = null;
  });
  return control.bootstrapFailed;
}

/** @param bootstrapServer whose tokens the node waits for, where no server is up yet */
function startJoin(cluster: Cluster, slot: Slot, bootstrapServer: Slot | null) {
  const target = bootstrapServer ?? joinTarget(cluster.state);
  // Without the address of a server it would begin a cluster of its own.
  if (target === null)
    throw failure('conflict', 'NoServerUp', `${slot.name}: no server is up that it could join`, 'it is planned again');
  const agentToken = { method: 'GET', key: BUCKET_KEY.agentToken } as const;
  const serverToken = { method: 'GET', key: BUCKET_KEY.serverToken } as const;
  // Older tokens belong to an earlier first server, or to the cluster before its restore.
  const newest = cluster.state.restore === null ? bootstrapServer?.instance : slot.instance;
  const since = bootstrapServer !== null && newest ? new Date(newest.launchedAt).toUTCString() : null;
  const seen = bootstrapServer === null ? cluster.state : withFirstServer(cluster.state, bootstrapServer);
  const job = {
    script: 'join',
    summary: `install K3s and join ${target.instance?.privateIp ?? 'the cluster'} as ${slot.role}`,
    params: {
      ...releaseParams(cluster, slot),
      ...(slot.resetFor !== undefined && { RESET: 'true', RESTORE_REF: slot.resetFor, TAKE_OVER: 'true' }),
      // A job of an earlier try may still wait on the node.
      ...(since !== null && { TOKEN_SINCE: since, TOKEN_WAIT: String(TOKEN_WAIT_SECONDS), TAKE_OVER: 'true' }),
    },
    presign: { AGENT_TOKEN_GET: agentToken, ...(slot.role === 'server' && { TOKEN_GET: serverToken }) },
  } as const;
  return startNode(cluster, slot, job, seen);
}

/** Returns the cluster as it will be when that server is up, and no other yet. Of the slots only its own: a node's configuration depends on no other. */
const withFirstServer = (state: ClusterState, server: Slot): ClusterState => ({
  ...state,
  bootstrapServer: `${server.name}#${server.generation}`,
  slots: { [server.name]: { ...server, joined: false } },
});

/** From here a restore can only go on to its end, or fail. */
const RESTORING: ReadonlySet<string> = new Set(['restore', 'stop-service', 'stop-instance']);

/** Returns whether the first server is being set up, or the restored one. */
const isBeginning = ({ operation, restore }: ClusterState): boolean =>
  operation?.steps.some(
    ({ kind, outcome }) => outcome === 'running' && (kind === 'bootstrap' || (restore !== null && RESTORING.has(kind))),
  ) ?? false;

/** Notes that the node is a member of the cluster, and runs with this configuration. */
export function joined(cluster: Cluster, slot: Slot, started: Started): void {
  // The node registers with them.
  const place = slotIn(started.document, slot.name);
  const labels =
    place === undefined || slot.instance === null ? null : wantedLabels(started.document, place, slot.instance);
  apply(cluster, slot, transition.joined(started.hash, labels, startOf(cluster)));
  recordTaken(cluster.state, slot);
  recordObservedNodes(cluster, started.result);
}

/** Stores a kubeconfig that names a reachable address; the node sends it to the bucket itself. */
export async function publish(cluster: Cluster): Promise<void> {
  const address = apiAddressOf(cluster.state.document, cluster.state);
  const server = joinTarget(cluster.state);
  if (address === null || server === null)
    throw failure('conflict', 'NoServerUp', 'no server is up to take the kubeconfig from', 'it is planned again');
  await runJob(cluster, server, {
    script: 'kubeconfig',
    summary: `store the kubeconfig for ${address}`,
    params: { API_ADDRESS: address },
    presign: { KUBECONFIG_PUT },
    timeoutSeconds: 120,
  });
  recordPublished(cluster.state, server, address);
}

/**
 * Waits until every node is Ready under its own name and version and every server is a voter. The report of the last started node counts as
 * an observation when nothing has changed since.
 */
export async function verify(cluster: Cluster): Promise<void> {
  let lacking = cluster.observations.areCurrent
    ? missing(cluster)
    : await observeKubernetes(cluster, { patience: PATIENCE_SECONDS });
  for (let attempt = 1; lacking.length > 0; attempt += 1) {
    if (attempt === VERIFY_TRIES) {
      throw failure(
        'transient',
        'NodesNotReady',
        `unhealthy after ${VERIFY_TRIES} looks: ${lacking.join('; ')}`,
        'see the conditions of the nodes named',
      );
    }
    cluster.state.waiting = { for: lacking.join('; '), since: now(), until: null };
    cluster.status.publish('with-next-write');
    await elapse(Math.min(500 * attempt, 10_000), { summary: `not yet: ${lacking[0] ?? ''}` });
    lacking = await observeKubernetes(cluster, { patience: PATIENCE_SECONDS });
  }
  cluster.state.waiting = null;
  cluster.state.verified = true;
}
