import type { ClusterDocument } from '../spec/schema.js';
import { isServerOnly } from './keys.js';

/** Input of config.yaml besides the document. */
export interface NodeConfigInput {
  role: 'server' | 'agent';
  nodeName: string;
  /** Starts etcd with cluster-init; once in a cluster's life. */
  bootstrapServer: boolean;
  /** Private address of a server to join; null for the bootstrap server, and when the fingerprint must not depend on it. */
  joinAddress: string | null;
  /** Settings of the node's pool, over the document's. */
  config: ClusterDocument['spec']['k3s']['config'];
  privateIp: string;
  publicIp: string | null;
  /** AWS's name of the instance, `aws:///<zone>/<id>`: volumes, load balancers and autoscalers use it. */
  providerId: string;
  labels: Record<string, string>;
  taints: string[];
  /** For the fingerprint: another label is not a reason to restart. */
  withoutLabels?: boolean;
}

const LABEL_KEYS = ['node-label', 'node-label+', 'node-taint', 'node-taint+'];

type Value = string | number | boolean | (string | number | boolean)[];

/**
 * Returns a node's `/etc/rancher/k3s/config.yaml` without its secrets: the scripts append `token-file` and `agent-token-file`, so that no
 * secret is in the history. Keys are sorted, values are JSON, which is YAML too: the same input gives the same bytes.
 *
 * Every server gets the document's settings, so the critical settings cannot differ between servers. Agents get only settings that the
 * agent command knows. The public address is in `tls-san` of servers and nowhere else: an agent that comes back with another one needs no
 * change.
 */
export function renderNodeConfig(document: ClusterDocument, input: NodeConfigInput): string {
  const config: Record<string, Value> = {};
  for (const [key, value] of Object.entries(document.spec.k3s.config)) {
    if (input.role === 'server' || !isServerOnly(key)) config[key] = value;
  }
  Object.assign(config, input.config);
  config['node-name'] = input.nodeName;
  config['node-ip'] = input.privateIp;
  if (input.role === 'server') {
    // Otherwise everyone with a snapshot, a disk or a backup could read every Kubernetes secret. It cannot be turned on later.
    config['secrets-encryption'] ??= true;
    config['tls-san'] = sansOf(document, input);
    config['write-kubeconfig-mode'] = '0600';
  }
  // K3s's own cloud controller keeps the kubelet's provider id and labels. [k3s source: pkg/cloudprovider/instances.go]
  config['kubelet-arg'] = [...listOf(config['kubelet-arg']), `provider-id=${input.providerId}`];
  const given = listOf(config['node-label']);
  const named = new Set(given.flatMap((text) => String(text).split(',')).map((text) => text.trim().split('=')[0]));
  const labels = Object.entries(input.labels)
    .filter(([key]) => !named.has(key))
    .map(([key, value]) => `${key}=${value}`);
  if (labels.length > 0) config['node-label'] = [...given, ...labels.sort()];
  if (input.taints.length > 0) config['node-taint'] = [...input.taints].sort();
  // Keelson sets them through the API, without a restart.
  if (input.withoutLabels) for (const key of LABEL_KEYS) delete config[key];
  if (input.bootstrapServer && input.role === 'server') config['cluster-init'] = true;
  if (input.joinAddress !== null) config['server'] = `https://${input.joinAddress}:6443`;
  const lines = Object.keys(config)
    .sort()
    .map((key) => `${/^[a-z0-9-]+\+?$/.test(key) ? key : JSON.stringify(key)}: ${JSON.stringify(config[key])}`);
  return `${lines.join('\n')}\n`;
}

const listOf = (value: Value | undefined): (string | number | boolean)[] => (value === undefined ? [] : [value].flat());

/** Returns every name and address that a kubeconfig may use for this server; its own last, which the first boot fills in. */
function sansOf(document: ClusterDocument, input: NodeConfigInput): string[] {
  const { apiHostname, extraSans } = document.spec.access;
  const named = [...(apiHostname === undefined ? [] : [apiHostname]), ...extraSans].sort();
  return [...new Set([...named, input.privateIp, ...(input.publicIp === null ? [] : [input.publicIp])])];
}
