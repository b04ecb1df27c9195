import { condition, sleep } from '@temporalio/workflow';
import { BUCKET_KEY } from '../../model/bucket.js';
import { slotsOf } from '../../model/ids.js';
import { recordInstalled } from '../../model/k3s/installed.js';
import { recordPublished } from '../../model/kubeconfig.js';
import { withMeasured } from '../../model/measured.js';
import { wantedLabels } from '../../model/node-labels/wanted.js';
import type { Step } from '../../model/plan/index.js';
import { apiAddressOf, founderOf, joinTarget } from '../../model/plan/wanted.js';
import { recordTaken } from '../../model/rotation/state.js';
import type { ClusterState, Slot } from '../../model/state.js';
import { begunAnew } from '../begun-anew.js';
import { type Cluster, failure, now, slotOf } from '../cluster-context.js';
import { inTurn } from '../in-turn.js';
import { look, missing, sawNodes, touched } from '../look.js';
import { runJob } from '../node-job.js';
import { startNode } from '../start-node.js';
import { releaseParams } from './installing.js';

const VERIFY_TRIES = 60;
/** So long does one look of `verify` wait on the node: a node is Ready seconds after its unit is active. */
const PATIENCE_SECONDS = 20;

/** Where a node sends the kubeconfig. */
export const KUBECONFIG_PUT = { method: 'PUT', key: BUCKET_KEY.kubeconfig } as const;

/**
 * The first server: installs K3s, starts it with cluster-init, once in a life, and leaves tokens and kubeconfig in the bucket.
 * One job for all of it: everybody waits for this node, and each way to it and back costs seconds.
 */
export async function found(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  cluster.state.founder = `${slot.name}#${slot.generation}`;
  const address = cluster.state.document.spec.access.apiHostname ?? slot.instance?.publicIp ?? slot.instance?.privateIp;
  const started = await startNode(cluster, slot, {
    script: 'found',
    summary: 'install K3s and found the cluster (cluster-init)',
    params: { ...releaseParams(cluster, slot), ...(address === undefined ? {} : { API_ADDRESS: address }) },
    presign: {
      TOKEN_PUT: { method: 'PUT', key: BUCKET_KEY.serverToken },
      AGENT_TOKEN_PUT: { method: 'PUT', key: BUCKET_KEY.agentToken },
      KUBECONFIG_PUT,
    },
  });
  recordInstalled(cluster.state, slot, cluster.state.document.spec.k3s.version);
  recordPublished(cluster.state, slot, address ?? null);
  cluster.state.caHash = caHashIn(started.result) ?? cluster.state.caHash;
  joined(cluster, slot, started);
}

export const caHashIn = ({ 'ca-hash': hash }: Record<string, string>): string | null =>
  hash !== undefined && /^[0-9a-f]{64}$/.test(hash) ? hash : null;

/** So long does a join wait on its node for the first server. One that takes longer is joined when its step has ended. */
const TOKEN_WAIT_SECONDS = 60;

/** Installs K3s; a further server joins with the secure token and is done when it is a voter; an agent joins with the agent token. */
export async function join(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const { state } = cluster;
  // Both begin in one pass over the plan, in any order.
  await condition(() => joinTarget(state) !== null || !isFounding(state) || founderOf(state) !== null);
  let started = await startJoin(cluster, slot, joinTarget(state) === null ? founderOf(state) : null);
  if (started.result['waited'] !== undefined) {
    await condition(() => !isFounding(state));
    started = await startJoin(cluster, slot, null);
  }
  recordInstalled(state, slot, state.document.spec.k3s.version);
  joined(cluster, slot, started);
}

/** @param founder the server whose tokens are waited for, where no server is up yet */
function startJoin(cluster: Cluster, slot: Slot, founder: Slot | null) {
  const target = founder ?? joinTarget(cluster.state);
  // Without the address of a server it would begin a cluster of its own.
  if (target === null)
    throw failure('conflict', 'NoServerUp', `${slot.name}: no server is up that it could join`, 'it is planned again');
  const tokens = { AGENT_TOKEN_GET: { method: 'GET', key: BUCKET_KEY.agentToken } } as const;
  // Tokens that are older are of a first server before this one.
  const since = founder?.instance ? new Date(founder.instance.launchedAt).toUTCString() : null;
  return startNode(cluster, slot, {
    script: 'join',
    summary: `install K3s and join ${target.instance?.privateIp ?? 'the cluster'} as ${slot.role}`,
    params: {
      ...releaseParams(cluster, slot),
      ...(slot.resetFor !== undefined && { RESET: 'true', RESTORE_REF: slot.resetFor, TAKE_OVER: 'true' }),
      ...(since !== null && { TOKEN_SINCE: since, TOKEN_WAIT: String(TOKEN_WAIT_SECONDS) }),
    },
    presign: slot.role === 'server' ? { ...tokens, TOKEN_GET: { method: 'GET', key: BUCKET_KEY.serverToken } } : tokens,
  });
}

const isFounding = ({ operation }: ClusterState): boolean =>
  operation?.steps.some((step) => step.kind === 'found' && step.outcome === 'running') ?? false;

/** The node is a member of the cluster as it is now, and runs with this configuration. */
export function joined(cluster: Cluster, slot: Slot, started: { hash: string; result: Record<string, string> }): void {
  slot.configHash = started.hash;
  // It registers with them.
  const place = slotsOf(cluster.state.document).find((one) => one.name === slot.name);
  slot.nodeLabels =
    place === undefined || slot.instance === null ? null : wantedLabels(cluster.state.document, place, slot.instance);
  slot.service = 'running';
  slot.joined = true;
  delete slot.resetFor;
  recordTaken(cluster.state, slot);
  begunAnew(cluster, slot);
  slot.measured = withMeasured(slot, now(), 'service');
  touched(cluster);
  sawNodes(cluster, started.result);
}

/** Stores a kubeconfig that names an address which people reach; the node sends it to the bucket itself. */
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
 * Until every node is Ready under its own name and version and every server is a voter. What the last node to be started saw
 * counts as a look when nothing has changed since.
 */
export async function verify(cluster: Cluster): Promise<void> {
  let lacking = cluster.fresh ? missing(cluster) : await look(cluster, { patience: PATIENCE_SECONDS });
  for (let attempt = 1; lacking.length > 0; attempt += 1) {
    if (attempt === VERIFY_TRIES) {
      throw failure(
        'transient',
        'NodesNotReady',
        `not well after ${VERIFY_TRIES} looks: ${lacking.join('; ')}`,
        'see the conditions of the nodes named',
      );
    }
    cluster.state.waiting = { for: lacking.join('; '), since: now(), until: null };
    cluster.present('glance');
    await inTurn(sleep(Math.min(500 * attempt, 10_000), { summary: `not yet: ${lacking[0] ?? ''}` }));
    lacking = await look(cluster, { patience: PATIENCE_SECONDS });
  }
  cluster.state.waiting = null;
  cluster.state.verified = true;
}
