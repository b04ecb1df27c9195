import { K3S_FLAGS } from './flags.js';

/**
 * Returns which keys of K3s's config.yaml belong to whom. A key may end in `+`, which appends instead of replacing. [docs: configuration]
 */

export const baseKey = (key: string): string => key.replace(/\+$/, '');

/**
 * Settings that must be equal on all servers, else a server refuses to join; `disable` and `flannel-backend` stand for their
 * families. Equal by construction here: all servers get the document's config. [docs: cli/server, critical configuration values]
 */
export const CRITICAL_KEYS = [
  'agent-token',
  'cluster-cidr',
  'cluster-dns',
  'cluster-domain',
  'disable',
  'disable-cloud-controller',
  'disable-helm-controller',
  'disable-kube-proxy',
  'disable-network-policy',
  'egress-selector-mode',
  'embedded-registry',
  'flannel-backend',
  'flannel-external-ip',
  'flannel-ipv6-masq',
  'secrets-encryption',
  'secrets-encryption-provider',
  'service-cidr',
] as const;

/** Settings that cannot change once the cluster exists, according to K3s. [docs: cli/server, networking] */
export const LIFELONG_KEYS = [
  'cluster-cidr',
  'cluster-dns',
  'cluster-domain',
  'service-cidr',
  'flannel-backend',
] as const;

/** Labels and taints of the document's config are for the servers: agents have those of their pool. */
const OF_SERVERS = ['node-label', 'node-taint'];

/** Returns whether a key of the document's config goes to servers only: an agent does not know it, or has its own. */
export function isServerOnly(key: string): boolean {
  const base = baseKey(key);
  const flag = Object.hasOwn(K3S_FLAGS, base) ? K3S_FLAGS[base] : undefined;
  return flag === undefined || flag.on === 'server' || OF_SERVERS.includes(base);
}

/** Keys that Keelson sets itself, with what to write instead. */
export const OWNED_KEYS: Readonly<Record<string, string>> = {
  'advertise-address': "nothing: it is the node's private address",
  'advertise-port': 'nothing: the API listens on 6443',
  'agent-token': 'nothing: Keelson makes it and keeps it in the bucket',
  'agent-token-file': 'nothing: Keelson makes the token and keeps it in the bucket',
  'apiserver-bind-address': 'nothing: the API listens on all addresses of the node',
  'apiserver-port': 'nothing: the API listens on 6443',
  'bind-address': 'nothing: the API listens on all addresses of the node; limit it by spec.access.apiCidrs',
  'cluster-init': 'spec.mode',
  'cluster-reset': 'nothing: a reset is an operation, no setting',
  'cluster-reset-restore-path': 'nothing: a restore is an operation, no setting',
  config: 'spec.k3s.config',
  'data-dir': 'nothing: data stays in /var/lib/rancher/k3s; size it by spec.servers.rootVolume',
  'datastore-cafile': 'nothing: etcd is embedded',
  'datastore-certfile': 'nothing: etcd is embedded',
  'datastore-endpoint': 'nothing: etcd is embedded',
  'datastore-keyfile': 'nothing: etcd is embedded',
  'disable-agent': 'a taint in spec.k3s.config.node-taint',
  'disable-apiserver': 'nothing: every server serves the API',
  'disable-controller-manager': 'nothing: every server runs it',
  'disable-etcd': 'nothing: every server is an etcd member',
  'disable-scheduler': 'nothing: every server runs it',
  'etcd-disable-snapshots': 'spec.backup',
  'etcd-snapshot-retention': 'spec.backup.keep',
  'etcd-snapshot-schedule-cron': 'spec.backup.schedule',
  'https-listen-port': 'nothing: the API listens on 6443',
  'node-external-ip': 'spec.network.publicIp',
  'node-ip': "nothing: it is the node's private address",
  'node-name': 'metadata.name and pools[].name',
  rootless: 'nothing: K3s runs as root',
  server: 'nothing: Keelson chooses the server to join',
  'supervisor-port': 'nothing: K3s listens on 6443',
  'tls-san': 'spec.access.apiHostname and spec.access.extraSans',
  token: 'nothing: Keelson makes it and keeps it in the bucket',
  'token-file': 'nothing: Keelson makes the token and keeps it in the bucket',
  'with-node-id': 'nothing: node names are unique already',
  'write-kubeconfig': '`keelson kubeconfig`',
  'write-kubeconfig-group': '`keelson kubeconfig`',
  'write-kubeconfig-mode': '`keelson kubeconfig`',
};

/** Keys that would put a secret into the document, its history and its bucket, with what to do instead. */
export const SECRET_KEYS: Readonly<Record<string, string>> = {
  'etcd-s3-access-key': 'leave it out: the instance profile gives access',
  'etcd-s3-secret-key': 'leave it out: the instance profile gives access',
  'etcd-s3-session-token': 'leave it out: the instance profile gives access',
  'vpn-auth': 'vpn-auth-file, a file of the image',
};
