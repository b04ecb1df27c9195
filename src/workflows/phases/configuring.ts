import { sleep } from '@temporalio/workflow';
import { BUCKET_KEY } from '../../model/bucket.js';
import { slotsOf } from '../../model/ids.js';
import type { Step } from '../../model/plan/index.js';
import { apiAddressOf, joinTarget, nodeConfigOf } from '../../model/plan/wanted.js';
import type { Slot } from '../../model/state.js';
import { type Cluster, failure, now, slotOf } from '../cluster-context.js';
import { runJob } from '../node-job.js';
import { parseNodes } from './nodes-seen.js';

const START_TIMEOUT_SECONDS = 900;
const VERIFY_TRIES = 60;

/** The first server: cluster-init, once in a life; leaves the tokens in the bucket for those that follow. */
export async function found(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  cluster.state.founder = `${slot.name}#${slot.generation}`;
  const hash = await startWith(cluster, slot, 'found', 'found the cluster (cluster-init)', {
    TOKEN_PUT: { method: 'PUT', key: BUCKET_KEY.serverToken },
    AGENT_TOKEN_PUT: { method: 'PUT', key: BUCKET_KEY.agentToken },
  });
  joinedWith(cluster, slot, hash);
}

/** A further server joins with the secure token and is done when it is a voter; an agent joins with the agent token. */
export async function join(cluster: Cluster, step: Step): Promise<void> {
  const slot = slotOf(cluster, step.slot);
  const target = joinTarget(cluster.state);
  const tokens = { AGENT_TOKEN_GET: { method: 'GET', key: BUCKET_KEY.agentToken } } as const;
  const hash = await startWith(
    cluster,
    slot,
    'join',
    `join ${target?.instance?.privateIp ?? 'the cluster'} as ${slot.role}`,
    slot.role === 'server' ? { ...tokens, TOKEN_GET: { method: 'GET', key: BUCKET_KEY.serverToken } } : tokens,
  );
  joinedWith(cluster, slot, hash);
}

/** Writes the node's configuration, starts K3s and waits until it is there; returns the configuration's fingerprint. */
export async function startWith(
  cluster: Cluster,
  slot: Slot,
  script: 'found' | 'join' | 'service-start',
  summary: string,
  presign: Parameters<typeof runJob>[2]['presign'] & object,
): Promise<string> {
  const wanted = slotsOf(cluster.state.document).find((one) => one.name === slot.name);
  if (wanted === undefined || slot.instance === null) {
    throw failure(
      'conflict',
      'SlotUnwanted',
      `${slot.name} is no longer wanted or has no instance`,
      'it is planned anew',
    );
  }
  const config = nodeConfigOf(cluster.state.document, cluster.state, wanted, slot, slot.instance);
  await runJob(cluster, slot, {
    script,
    summary,
    params: { ROLE: slot.role, NODE_NAME: slot.nodeName, CONFIG: config.text, CONFIG_HASH: config.hash },
    presign,
    timeoutSeconds: START_TIMEOUT_SECONDS,
  });
  return config.hash;
}

function joinedWith(cluster: Cluster, slot: Slot, hash: string): void {
  slot.configHash = hash;
  slot.service = 'running';
  slot.joined = true;
  cluster.state.verified = false;
}

/** Stores a kubeconfig that names an address which people reach; the node sends it to the bucket itself. */
export async function publish(cluster: Cluster): Promise<void> {
  const address = apiAddressOf(cluster.state.document, cluster.state);
  const server = joinTarget(cluster.state);
  if (address === null || server === null)
    throw failure('conflict', 'NoServerUp', 'no server is up to take the kubeconfig from', 'it is planned anew');
  await runJob(cluster, server, {
    script: 'kubeconfig',
    summary: `store the kubeconfig for ${address}`,
    params: { API_ADDRESS: address },
    presign: { KUBECONFIG_PUT: { method: 'PUT', key: BUCKET_KEY.kubeconfig } },
    timeoutSeconds: 120,
  });
  cluster.state.apiAddress = address;
}

/** Looks through one server until every node is Ready under its own name and version and every server is a voter. */
export async function verify(cluster: Cluster): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const missing = await look(cluster);
    if (missing.length === 0) break;
    if (attempt === VERIFY_TRIES) {
      throw failure(
        'transient',
        'NodesNotReady',
        `not well after ${VERIFY_TRIES} looks: ${missing.join('; ')}`,
        'see the conditions of the nodes named',
      );
    }
    cluster.state.waiting = { for: missing.join('; '), since: now(), until: null };
    cluster.present();
    await sleep(Math.min(1000 * attempt, 10_000), { summary: `not yet: ${missing[0] ?? ''}` });
  }
  cluster.state.waiting = null;
  cluster.state.verified = true;
}

/** One look at Kubernetes; returns what is not as it should be, in words. */
export async function look(cluster: Cluster): Promise<string[]> {
  const server = joinTarget(cluster.state);
  if (server === null) return ['no server is up'];
  const result = await runJob(cluster, server, {
    script: 'verify',
    summary: 'see nodes and voters',
    params: {},
    timeoutSeconds: 60,
  });
  const nodes = parseNodes(result);
  cluster.state.nodesSeen = { at: now(), nodes };
  const { version } = cluster.state.document.spec.k3s;
  return Object.values(cluster.state.slots).flatMap((slot) => {
    if (!slot.joined) return [];
    const node = nodes.find((one) => one.name === slot.nodeName);
    if (node === undefined) return [`${slot.nodeName} is not registered`];
    if (!node.ready) return [`${slot.nodeName} is not Ready`];
    if (node.version !== version && slot.installed === version) return [`${slot.nodeName} runs ${node.version}`];
    return slot.role === 'server' && node.voter !== true ? [`${slot.nodeName} is not a voter`] : [];
  });
}
