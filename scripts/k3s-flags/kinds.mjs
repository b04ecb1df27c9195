// What K3s reads from a flag's text, read in its source: pkg/cli/cmds/server.go, agent.go, log.go and config.go, by the Go type of
// each flag (cli.BoolFlag, IntFlag, DurationFlag, StringFlag, StringSliceFlag). k3s-io/k3s 005499a940eafe99977bcabd6991a888a4cb6642,
// and the `--help` texts in k3s-io/docs 02434960d6d5881e47ae8a1c857c4b51f23deec6 (docs/cli/server.md, docs/cli/agent.md).

const names = (text) => text.trim().split(/\s+/);
const ofKind = (kind, text) => Object.fromEntries(names(text).map((name) => [name, kind]));

export const KINDS = {
  ...ofKind(
    'flag',
    `alsologtostderr cluster-init cluster-reset debug disable-agent disable-apiserver disable-apiserver-lb disable-cloud-controller
     disable-controller-manager disable-default-registry-endpoint disable-etcd disable-helm-controller disable-kube-proxy
     disable-network-policy disable-scheduler disable-selinux docker embedded-registry enable-pprof etcd-disable-snapshots
     etcd-expose-metrics etcd-s3 etcd-s3-insecure etcd-s3-skip-ssl-verify etcd-snapshot-compress flannel-external-ip
     flannel-ipv6-masq kine-tls multi-cluster-cidr no-flannel nonroot-devices prefer-bundled-bin protect-kernel-defaults rootless
     secrets-encryption selinux supervisor-metrics tls-san-security with-node-id`,
  ),
  ...ofKind(
    'number',
    `advertise-port apiserver-port etcd-s3-retention etcd-snapshot-retention https-listen-port lb-server-port supervisor-port v`,
  ),
  ...ofKind('duration', 'etcd-s3-timeout etcd-snapshot-reconcile-interval'),
  ...ofKind(
    'list',
    `airgap-extra-registry cluster-cidr cluster-dns disable etcd-arg helm-controller-arg kube-apiserver-arg
     kube-cloud-controller-arg kube-cloud-controller-manager-arg kube-controller-arg kube-controller-manager-arg kube-proxy-arg
     kube-scheduler-arg kubelet-arg no-deploy node-external-dns node-external-ip node-internal-dns node-ip node-label node-taint
     service-cidr tls-san`,
  ),
  ...ofKind(
    'text',
    `advertise-address agent-token agent-token-file apiserver-bind-address bind-address cluster-domain cluster-reset-restore-path
     cluster-secret config container-runtime-endpoint data-dir datastore-cafile datastore-certfile datastore-endpoint
     datastore-keyfile default-local-storage-path default-runtime egress-selector-mode etcd-s3-access-key etcd-s3-bucket
     etcd-s3-bucket-lookup-type etcd-s3-config-secret etcd-s3-endpoint etcd-s3-endpoint-ca etcd-s3-folder etcd-s3-proxy
     etcd-s3-region etcd-s3-secret-key etcd-s3-session-token etcd-snapshot-dir etcd-snapshot-name etcd-snapshot-schedule-cron
     flannel-backend flannel-cni-conf flannel-conf flannel-iface helm-job-image image-credential-provider-bin-dir
     image-credential-provider-config image-service-endpoint log node-name pause-image private-registry resolv-conf
     secrets-encryption-provider server service-node-port-range servicelb-namespace snapshotter system-default-registry token
     token-file vmodule vpn-auth vpn-auth-file write-kubeconfig write-kubeconfig-group write-kubeconfig-mode`,
  ),
};

/** What K3s says to use instead. [k3s-io/docs: docs/cli/server.md, deprecated options; the usage texts of the flags] */
export const REPLACED_BY = {
  'cluster-secret': 'nothing: Keelson makes the token',
  'disable-selinux': 'selinux',
  'kube-cloud-controller-arg': 'kube-cloud-controller-manager-arg',
  'kube-controller-arg': 'kube-controller-manager-arg',
  'no-deploy': 'disable',
  'no-flannel': 'flannel-backend: none',
};

export const SHORT = {
  c: 'config',
  d: 'data-dir',
  i: 'node-ip',
  l: 'log',
  o: 'write-kubeconfig',
  s: 'server',
  t: 'token',
};
