/**
 * Made by scripts/k3s-flags.mjs: run it again instead of editing this file.
 *
 * The flags that `k3s server` and `k3s agent` understand, as every release of github.com/rancher/rke2 lists them up to
 *   1.31: v1.31.14+rke2r1 (a594ea8cf80ad7b2b55f1b0286b34c8af7d53c30), which wraps K3s 0deb86638a67
 *   1.32: v1.32.13+rke2r1 (a361386c83e8e581c2634a408bc7e4dd44fdcedc), which wraps K3s bf43a24f5447
 *   1.33: v1.33.13+rke2r1 (879e8b14ad619278d61dd81c116e08f3e1885715), which wraps K3s b1a9339db253
 *   1.34: v1.34.10+rke2r1 (d419f09226d50a4777d348e5c53ea1bce3849b77), which wraps K3s 931a1fbe1614
 *   1.35: v1.35.7+rke2r1 (382a8b31a8fd78e376ab6f02c4bb0ec5592aada2), which wraps K3s 7464a828f03e
 *   1.36: v1.36.3+rke2r1 (c4f306e6c5fa18dfb447bf6b8a0423f2da68c939), which wraps K3s 4ca29faac89e
 * What K3s has dropped since 1.24 comes from the release branches before them.
 */

/** Kind of value that K3s's command line reads from the text. [k3s source: pkg/cli/cmds/{server,agent,log,config}.go, urfave/cli] */
export type FlagKind = 'flag' | 'number' | 'duration' | 'text' | 'list';

export interface K3sFlag {
  kind: FlagKind;
  /** Command that knows it. Agents skip flags that only `k3s server` knows. */
  on: 'server' | 'agent' | 'both';
  /** Releases, as minor.patch, in which it came; minors before the first do not have it, those after the last always had. */
  since?: readonly string[];
  /** Last minor that had it. */
  until?: number;
  /** Replacement that K3s names. */
  useInstead?: string;
}

/** Minor versions of the table. */
export const CHECKED_MINORS = { oldest: 31, newest: 36 } as const;

/** One letter that K3s accepts for a flag. */
export const SHORT_FLAGS: Readonly<Record<string, string>> = {
  c: 'config',
  d: 'data-dir',
  i: 'node-ip',
  l: 'log',
  o: 'write-kubeconfig',
  s: 'server',
  t: 'token',
};

// biome-ignore format: one flag a line, so that two versions of K3s compare line by line, where the formatter would spread each over several
export const K3S_FLAGS: Readonly<Record<string, K3sFlag>> = {
  'advertise-address': { kind: 'text', on: 'server' },
  'advertise-port': { kind: 'number', on: 'server' },
  'agent-token': { kind: 'text', on: 'server' },
  'agent-token-file': { kind: 'text', on: 'server' },
  'airgap-extra-registry': { kind: 'list', on: 'both' },
  alsologtostderr: { kind: 'flag', on: 'both' },
  'apiserver-bind-address': { kind: 'text', on: 'server', since: ['31.4'] },
  'apiserver-port': { kind: 'number', on: 'server', since: ['31.4'] },
  'bind-address': { kind: 'text', on: 'both' },
  'cluster-cidr': { kind: 'list', on: 'server' },
  'cluster-dns': { kind: 'list', on: 'server' },
  'cluster-domain': { kind: 'text', on: 'server' },
  'cluster-init': { kind: 'flag', on: 'server' },
  'cluster-reset': { kind: 'flag', on: 'server' },
  'cluster-reset-restore-path': { kind: 'text', on: 'server' },
  'cluster-secret': { kind: 'text', on: 'both', until: 25, useInstead: 'nothing: Keelson makes the token' },
  config: { kind: 'text', on: 'both' },
  'container-runtime-endpoint': { kind: 'text', on: 'both' },
  'data-dir': { kind: 'text', on: 'both' },
  'datastore-cafile': { kind: 'text', on: 'server' },
  'datastore-certfile': { kind: 'text', on: 'server' },
  'datastore-endpoint': { kind: 'text', on: 'server' },
  'datastore-keyfile': { kind: 'text', on: 'server' },
  debug: { kind: 'flag', on: 'both' },
  'default-local-storage-path': { kind: 'text', on: 'server' },
  'default-runtime': { kind: 'text', on: 'both' },
  disable: { kind: 'list', on: 'server' },
  'disable-agent': { kind: 'flag', on: 'server' },
  'disable-apiserver': { kind: 'flag', on: 'server' },
  'disable-apiserver-lb': { kind: 'flag', on: 'agent' },
  'disable-cloud-controller': { kind: 'flag', on: 'server' },
  'disable-controller-manager': { kind: 'flag', on: 'server' },
  'disable-default-registry-endpoint': { kind: 'flag', on: 'both' },
  'disable-etcd': { kind: 'flag', on: 'server' },
  'disable-helm-controller': { kind: 'flag', on: 'server' },
  'disable-kube-proxy': { kind: 'flag', on: 'server' },
  'disable-network-policy': { kind: 'flag', on: 'server' },
  'disable-scheduler': { kind: 'flag', on: 'server' },
  'disable-selinux': { kind: 'flag', on: 'both', until: 25, useInstead: 'selinux' },
  docker: { kind: 'flag', on: 'both' },
  'egress-selector-mode': { kind: 'text', on: 'server' },
  'embedded-registry': { kind: 'flag', on: 'server' },
  'enable-pprof': { kind: 'flag', on: 'both' },
  'etcd-arg': { kind: 'list', on: 'server' },
  'etcd-disable-snapshots': { kind: 'flag', on: 'server' },
  'etcd-expose-metrics': { kind: 'flag', on: 'server' },
  'etcd-s3': { kind: 'flag', on: 'server' },
  'etcd-s3-access-key': { kind: 'text', on: 'server' },
  'etcd-s3-bucket': { kind: 'text', on: 'server' },
  'etcd-s3-bucket-lookup-type': { kind: 'text', on: 'server', since: ['31.9', '32.5', '33.1'] },
  'etcd-s3-config-secret': { kind: 'text', on: 'server' },
  'etcd-s3-endpoint': { kind: 'text', on: 'server' },
  'etcd-s3-endpoint-ca': { kind: 'text', on: 'server' },
  'etcd-s3-folder': { kind: 'text', on: 'server' },
  'etcd-s3-insecure': { kind: 'flag', on: 'server' },
  'etcd-s3-proxy': { kind: 'text', on: 'server' },
  'etcd-s3-region': { kind: 'text', on: 'server' },
  'etcd-s3-retention': { kind: 'number', on: 'server', since: ['31.12', '32.8', '33.4'] },
  'etcd-s3-secret-key': { kind: 'text', on: 'server' },
  'etcd-s3-session-token': { kind: 'text', on: 'server', since: ['31.6', '32.2'] },
  'etcd-s3-skip-ssl-verify': { kind: 'flag', on: 'server' },
  'etcd-s3-timeout': { kind: 'duration', on: 'server' },
  'etcd-snapshot-compress': { kind: 'flag', on: 'server' },
  'etcd-snapshot-dir': { kind: 'text', on: 'server' },
  'etcd-snapshot-name': { kind: 'text', on: 'server' },
  'etcd-snapshot-reconcile-interval': { kind: 'duration', on: 'server', since: ['31.7', '32.3'] },
  'etcd-snapshot-retention': { kind: 'number', on: 'server' },
  'etcd-snapshot-schedule-cron': { kind: 'text', on: 'server' },
  'flannel-backend': { kind: 'text', on: 'server' },
  'flannel-cni-conf': { kind: 'text', on: 'both' },
  'flannel-conf': { kind: 'text', on: 'both' },
  'flannel-external-ip': { kind: 'flag', on: 'server' },
  'flannel-iface': { kind: 'text', on: 'both' },
  'flannel-ipv6-masq': { kind: 'flag', on: 'server' },
  'helm-controller-arg': { kind: 'list', on: 'server', since: ['34.10', '35.7', '36.3'] },
  'helm-job-image': { kind: 'text', on: 'server' },
  'https-listen-port': { kind: 'number', on: 'server' },
  'image-credential-provider-bin-dir': { kind: 'text', on: 'both' },
  'image-credential-provider-config': { kind: 'text', on: 'both' },
  'image-service-endpoint': { kind: 'text', on: 'both' },
  'kine-tls': { kind: 'flag', on: 'server' },
  'kube-apiserver-arg': { kind: 'list', on: 'server' },
  'kube-cloud-controller-arg': { kind: 'list', on: 'server', useInstead: 'kube-cloud-controller-manager-arg' },
  'kube-cloud-controller-manager-arg': { kind: 'list', on: 'server' },
  'kube-controller-arg': { kind: 'list', on: 'server', useInstead: 'kube-controller-manager-arg' },
  'kube-controller-manager-arg': { kind: 'list', on: 'server' },
  'kube-proxy-arg': { kind: 'list', on: 'both' },
  'kube-scheduler-arg': { kind: 'list', on: 'server' },
  'kubelet-arg': { kind: 'list', on: 'both' },
  'lb-server-port': { kind: 'number', on: 'both' },
  log: { kind: 'text', on: 'both' },
  'multi-cluster-cidr': { kind: 'flag', on: 'server', until: 28 },
  'no-deploy': { kind: 'list', on: 'server', until: 25, useInstead: 'disable' },
  'no-flannel': { kind: 'flag', on: 'both', until: 25, useInstead: 'flannel-backend: none' },
  'node-external-dns': { kind: 'list', on: 'both', since: ['31.5'] },
  'node-external-ip': { kind: 'list', on: 'both' },
  'node-internal-dns': { kind: 'list', on: 'both', since: ['31.5'] },
  'node-ip': { kind: 'list', on: 'both' },
  'node-label': { kind: 'list', on: 'both' },
  'node-name': { kind: 'text', on: 'both' },
  'node-taint': { kind: 'list', on: 'both' },
  'nonroot-devices': { kind: 'flag', on: 'both', since: ['31.3'] },
  'pause-image': { kind: 'text', on: 'both' },
  'prefer-bundled-bin': { kind: 'flag', on: 'both' },
  'private-registry': { kind: 'text', on: 'both' },
  'protect-kernel-defaults': { kind: 'flag', on: 'both' },
  'resolv-conf': { kind: 'text', on: 'both' },
  rootless: { kind: 'flag', on: 'both' },
  'secrets-encryption': { kind: 'flag', on: 'server' },
  'secrets-encryption-provider': { kind: 'text', on: 'server', since: ['31.8', '32.4'] },
  selinux: { kind: 'flag', on: 'both' },
  server: { kind: 'text', on: 'both' },
  'service-cidr': { kind: 'list', on: 'server' },
  'service-node-port-range': { kind: 'text', on: 'server' },
  'servicelb-namespace': { kind: 'text', on: 'server' },
  snapshotter: { kind: 'text', on: 'both' },
  'supervisor-metrics': { kind: 'flag', on: 'server' },
  'supervisor-port': { kind: 'number', on: 'server', since: ['31.4'] },
  'system-default-registry': { kind: 'text', on: 'server' },
  'tls-san': { kind: 'list', on: 'server' },
  'tls-san-security': { kind: 'flag', on: 'server' },
  token: { kind: 'text', on: 'both' },
  'token-file': { kind: 'text', on: 'both' },
  v: { kind: 'number', on: 'both' },
  vmodule: { kind: 'text', on: 'both' },
  'vpn-auth': { kind: 'text', on: 'both' },
  'vpn-auth-file': { kind: 'text', on: 'both' },
  'with-node-id': { kind: 'flag', on: 'both' },
  'write-kubeconfig': { kind: 'text', on: 'server' },
  'write-kubeconfig-group': { kind: 'text', on: 'server' },
  'write-kubeconfig-mode': { kind: 'text', on: 'server' },
};
