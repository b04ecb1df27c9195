import { type FindingKind, findingKey } from '../health/findings.js';
import { typesIn, type WantedSlot } from '../ids.js';
import { type NodeConfigInput, renderNodeConfig } from '../k3s/config.js';
import { fingerprint } from '../k3s/fingerprint.js';
import { restartFingerprint } from '../node-files/wanted.js';
import { identityLabels } from '../node-labels/identity.js';
import { isBehind } from '../rotation/state.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, NodeInstance, Slot } from '../state.js';

/** A server with one of these findings is not asked while there is another. */
const SERVES: readonly FindingKind[] = [
  'agent',
  'system-check',
  'instance-check',
  'service',
  'readyz',
  'ready',
  'voter',
];

/** Returns what the launch config depends on; a change makes Keelson resolve it again before the next launch or change of type. */
export function launchConfigKeyOf(document: ClusterDocument): string {
  const { region, image, network, k3s, access } = document.spec;
  return fingerprint(
    JSON.stringify([
      region,
      image ?? null,
      network,
      k3s.version,
      k3s.mirror,
      k3s.sha256 ?? null,
      access.instanceProfile ?? null,
      typesIn(document),
    ]),
  );
}

/**
 * Returns the server that other nodes join at and that Keelson asks: the bootstrap server if it is up and healthy, else any healthy server,
 * else any that is up.
 */
export function joinTarget(state: ClusterState, except?: string): Slot | null {
  const others = Object.values(state.slots).filter((slot) => slot.name !== except);
  return witnesses(state, others)[0] ?? null;
}

/**
 * Returns the server that runs a script about another node. Work on many agents is spread over all healthy servers: an SSM agent runs five
 * commands side by side. [docs: SSM agent, CommandWorkersLimit] Work on a server itself goes to another one if there is one.
 */
export function helperOf(state: ClusterState, slot: Slot): Slot | null {
  const others = Object.values(state.slots).filter((one) => one.name !== slot.name);
  const healthy = witnesses(state, others).filter((one) => !SERVES.some((kind) => hasFinding(state, one, kind)));
  const index = Number(slot.name.slice(slot.name.lastIndexOf('-') + 1));
  const helper = slot.role === 'agent' ? healthy[index % healthy.length] : undefined;
  return helper ?? joinTarget(state, slot.name) ?? joinTarget(state);
}

const hasFinding = ({ findings }: ClusterState, slot: Slot, kind: FindingKind): boolean =>
  findings[findingKey(slot.name, kind)] !== undefined;

/** Returns the server that bootstraps the cluster, from the moment at which it begins to; joins wait on their nodes until it is ready. */
export function bootstrapServerOf(state: ClusterState): Slot | null {
  const bootstrapServer = Object.values(state.slots).find(
    (slot) => `${slot.name}#${slot.generation}` === state.bootstrapServer,
  );
  return bootstrapServer?.instance ? bootstrapServer : null;
}

/**
 * Returns the servers among these that Keelson can ask about Kubernetes, the likeliest first: the healthy ones, and of those the bootstrap
 * server.
 */
export function witnesses(state: ClusterState, among: readonly Slot[]): Slot[] {
  const rank = (slot: Slot): number => {
    if (hasFinding(state, slot, 'agent')) return 3;
    if (isBehind(state, slot) || SERVES.some((kind) => hasFinding(state, slot, kind))) return 2;
    return `${slot.name}#${slot.generation}` === state.bootstrapServer ? 0 : 1;
  };
  return among
    .filter((slot) => slot.role === 'server' && slot.joined && slot.service === 'running')
    .map((slot) => ({ slot, rank: rank(slot) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ slot }) => slot);
}

/** Returns the address for the kubeconfig: a stable name if the document has one, else a server that is up. */
export function apiAddressOf(document: ClusterDocument, state: ClusterState): string | null {
  if (document.spec.access.apiHostname !== undefined) return document.spec.access.apiHostname;
  const servers = Object.values(state.slots).filter((slot) => slot.role === 'server' && slot.joined);
  const addresses = servers.flatMap((slot) => (slot.instance ? [addressOf(slot.instance)] : []));
  return addresses.find((address) => address === state.apiAddress) ?? addresses[0] ?? null;
}

/** Returns the server that stores the kubeconfig at its start: the first one. */
export function publisherOf(state: ClusterState): Slot | null {
  return Object.values(state.slots).find((slot) => slot.role === 'server' && slot.joined) ?? null;
}

const addressOf = (instance: NodeInstance): string => instance.publicIp ?? instance.privateIp;

/**
 * Returns the config.yaml of a node and its fingerprint. The fingerprint leaves the join address out: K3s reads it only until etcd data or
 * the agent's own server list is on disk [docs: ha-embedded], so another target is not a reason to restart.
 */
export function nodeConfigOf(
  document: ClusterDocument,
  state: ClusterState,
  wanted: WantedSlot,
  slot: Slot,
  instance: NodeInstance,
): { text: string; hash: string } {
  const bootstrapServer = state.bootstrapServer === `${slot.name}#${slot.generation}`;
  const target = bootstrapServer ? null : (joinTarget(state) ?? bootstrapServerOf(state));
  const input: NodeConfigInput = {
    role: slot.role,
    nodeName: slot.nodeName,
    bootstrapServer,
    joinAddress: target?.instance?.privateIp ?? null,
    privateIp: instance.privateIp,
    publicIp: instance.publicIp,
    config: wanted.config,
    providerId: `aws:///${instance.zone}/${instance.id}`,
    labels: { ...identityLabels(document, instance), ...wanted.labels },
    taints: wanted.taints,
  };
  const files = restartFingerprint(document, slot);
  const known = renderNodeConfig(document, { ...input, joinAddress: null, withoutLabels: true });
  return {
    text: renderNodeConfig(document, input),
    hash: fingerprint(files === null ? known : `${known}# files and environment: ${files}\n`),
  };
}
