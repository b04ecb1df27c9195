/** Which keys of K3s's config.yaml belong to whom. A key may end in `+`, which appends instead of replacing. [docs: configuration] */

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

/** Settings of which K3s says that they cannot be changed once the cluster exists. [docs: cli/server, networking] */
export const LIFELONG_KEYS = [
  'cluster-cidr',
  'cluster-dns',
  'cluster-domain',
  'service-cidr',
  'flannel-backend',
] as const;

/** What `k3s agent` understands; it does not start with a key that only `k3s server` knows. [docs: cli/agent] */
const AGENT_KEYS = new Set([
  'alsologtostderr',
  'container-runtime-endpoint',
  'debug',
  'default-runtime',
  'disable-apiserver-lb',
  'disable-default-registry-endpoint',
  'docker',
  'enable-pprof',
  'flannel-cni-conf',
  'flannel-conf',
  'flannel-iface',
  'image-credential-provider-bin-dir',
  'image-credential-provider-config',
  'image-service-endpoint',
  'kube-proxy-arg',
  'kubelet-arg',
  'lb-server-port',
  'log',
  'nonroot-devices',
  'pause-image',
  'prefer-bundled-bin',
  'private-registry',
  'protect-kernel-defaults',
  'resolv-conf',
  'selinux',
  'snapshotter',
  'v',
  'vmodule',
  'vpn-auth-file',
]);

/** Whether a key of the document's config goes to servers only. Labels and taints do too: agents have those of their pool. */
export const isServerOnly = (key: string): boolean => !AGENT_KEYS.has(baseKey(key));

/** Keys that Keelson sets itself, with what to write instead. */
export const OWNED_KEYS: Readonly<Record<string, string>> = {
  'advertise-address': "nothing: it is the node's private address",
  'advertise-port': 'nothing: the API listens on 6443',
  'agent-token': 'nothing: Keelson makes it and keeps it in the bucket',
  'agent-token-file': 'nothing: Keelson makes the token and keeps it in the bucket',
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

/**
 * Further keys that `k3s server` knows. K3s skips an unknown key of its config file with a warning only, so a slip of the pen
 * would go unnoticed; a key that is near one of these is taken for one. [K3s source: pkg/cli/cmds/server.go]
 */
const SERVER_KEYS = [
  'default-local-storage-path',
  'etcd-arg',
  'etcd-expose-metrics',
  'etcd-s3',
  'etcd-s3-bucket',
  'etcd-s3-config-secret',
  'etcd-s3-endpoint',
  'etcd-s3-endpoint-ca',
  'etcd-s3-folder',
  'etcd-s3-insecure',
  'etcd-s3-proxy',
  'etcd-s3-region',
  'etcd-s3-retention',
  'etcd-s3-skip-ssl-verify',
  'etcd-s3-timeout',
  'etcd-snapshot-compress',
  'etcd-snapshot-dir',
  'etcd-snapshot-name',
  'helm-job-image',
  'kube-apiserver-arg',
  'kube-cloud-controller-manager-arg',
  'kube-controller-manager-arg',
  'kube-scheduler-arg',
  'kine-tls',
  'multus',
  'node-label',
  'node-taint',
  'service-node-port-range',
  'servicelb-namespace',
  'supervisor-metrics',
  'system-default-registry',
  'tls-san-security',
];

/** Every key that Keelson has heard of. */
export const KNOWN_KEYS: readonly string[] = [
  ...new Set([
    ...CRITICAL_KEYS,
    ...AGENT_KEYS,
    ...SERVER_KEYS,
    ...Object.keys(OWNED_KEYS),
    ...Object.keys(SECRET_KEYS),
  ]),
];
