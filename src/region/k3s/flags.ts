/** Flags that config.yaml may hold. K3s skips the ones that the command doesn't know, with a warning. [k3s: configfilearg] */

const BOTH = `config data-dir token token-file server node-name with-node-id node-label node-taint node-ip node-external-ip
node-internal-dns node-external-dns resolv-conf flannel-iface flannel-conf flannel-cni-conf kubelet-arg kube-proxy-arg
protect-kernel-defaults selinux lb-server-port image-credential-provider-bin-dir image-credential-provider-config
container-runtime-endpoint default-runtime pause-image private-registry snapshotter docker debug v vmodule log
prefer-bundled-bin rootless disable-apiserver-lb airgap-extra-registry image-service-endpoint
disable-default-registry-endpoint vpn-auth vpn-auth-file enable-pprof bind-address`;

const SERVER_ONLY = `cluster-init cluster-reset cluster-reset-restore-path agent-token agent-token-file https-listen-port
advertise-address advertise-port tls-san tls-san-security cluster-cidr service-cidr service-node-port-range cluster-dns
cluster-domain flannel-backend flannel-ipv6-masq flannel-external-ip egress-selector-mode servicelb-namespace
write-kubeconfig write-kubeconfig-mode write-kubeconfig-group helm-job-image etcd-arg kube-apiserver-arg
kube-scheduler-arg kube-controller-manager-arg kube-cloud-controller-manager-arg datastore-endpoint datastore-cafile
datastore-certfile datastore-keyfile etcd-expose-metrics etcd-disable-snapshots etcd-snapshot-name
etcd-snapshot-schedule-cron etcd-snapshot-retention etcd-snapshot-dir etcd-snapshot-compress etcd-s3 etcd-s3-endpoint
etcd-s3-endpoint-ca etcd-s3-skip-ssl-verify etcd-s3-access-key etcd-s3-secret-key etcd-s3-bucket etcd-s3-region
etcd-s3-folder etcd-s3-proxy etcd-s3-config-secret etcd-s3-insecure etcd-s3-timeout etcd-s3-retention
etcd-s3-bucket-lookup-type default-local-storage-path disable disable-scheduler disable-cloud-controller
disable-kube-proxy disable-network-policy disable-helm-controller disable-apiserver disable-controller-manager
disable-etcd embedded-registry supervisor-metrics secrets-encryption secrets-encryption-provider system-default-registry
nonroot-devices kine-tls`;

/** Must be the same on all servers. [docs: cli/server, "critical configuration values"] */
export const CRITICAL = [
  'cluster-cidr',
  'service-cidr',
  'cluster-dns',
  'cluster-domain',
  'disable-helm-controller',
  'disable-kube-proxy',
  'disable-network-policy',
  'disable-cloud-controller',
  'disable',
  'egress-selector-mode',
  'embedded-registry',
  'flannel-backend',
  'flannel-ipv6-masq',
  'flannel-external-ip',
  'secrets-encryption',
] as const;

const words = (text: string): string[] => text.split(/\s+/);

export function knownFlags(role: 'server' | 'agent'): ReadonlySet<string> {
  return new Set(role === 'server' ? [...words(BOTH), ...words(SERVER_ONLY)] : words(BOTH));
}
