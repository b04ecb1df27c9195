/**
 * Flags of Kubernetes's programs, as `kubelet-arg` and its like take them: the kind of value, and whether the flag is gone. A program exits
 * at an unknown flag or an unreadable value, and K3s with it. The table lists what people set on K3s; it leaves names far from all of these
 * to K3s. [k8s.io: command-line tools reference of kubelet, kube-apiserver, kube-controller-manager, kube-scheduler and kube-proxy;
 * kubernetes/website 00cce4136eb6; etcd.io: configuration flags]
 */

export type ComponentKind = 'flag' | 'number' | 'duration' | 'quantity' | 'resources' | 'gates' | 'thresholds' | 'text';

type Table = Partial<Record<ComponentKind, string>>;

/** Of every program of Kubernetes. */
const LOGS: Table = { number: 'v', text: 'vmodule logging-format', gates: 'feature-gates' };

// biome-ignore format: one kind a line, where the formatter would give each flag its own
const TABLES: Readonly<Record<string, Table>> = {
  'kubelet-arg': {
    flag: 'anonymous-auth authentication-token-webhook cgroups-per-qos contention-profiling cpu-cfs-quota enable-controller-attach-detach enable-debugging-handlers enable-server fail-cgroupv1 fail-swap-on kernel-memcg-notification local-storage-capacity-isolation make-iptables-util-chains protect-kernel-defaults register-node rotate-certificates rotate-server-certificates seccomp-default serialize-image-pulls',
    number: 'container-log-max-files event-burst event-qps eviction-max-pod-grace-period healthz-port image-gc-high-threshold image-gc-low-threshold kube-api-burst kube-api-qps max-open-files max-parallel-image-pulls max-pods maximum-dead-containers maximum-dead-containers-per-container node-status-max-images oom-score-adj pod-max-pids pods-per-core port read-only-port registry-burst registry-qps v',
    duration: 'authentication-token-webhook-cache-ttl authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl cpu-cfs-quota-period cpu-manager-reconcile-period eviction-pressure-transition-period file-check-frequency http-check-frequency image-maximum-gc-age minimum-container-ttl-duration minimum-image-ttl-duration node-status-report-frequency node-status-update-frequency runtime-request-timeout shutdown-grace-period shutdown-grace-period-critical-pods streaming-connection-idle-timeout sync-frequency volume-stats-agg-period',
    quantity: 'container-log-max-size',
    resources: 'kube-reserved system-reserved',
    thresholds: 'eviction-hard eviction-soft',
    gates: 'feature-gates',
    text: 'address allowed-unsafe-sysctls authorization-mode cert-dir cgroup-driver cgroup-root client-ca-file cloud-provider config config-dir container-runtime-endpoint cpu-manager-policy cpu-manager-policy-options enforce-node-allocatable eviction-minimum-reclaim eviction-soft-grace-period exit-on-lock-contention healthz-bind-address image-credential-provider-bin-dir image-credential-provider-config image-service-endpoint kube-api-content-type kube-reserved-cgroup kubelet-cgroups lock-file manifest-url memory-manager-policy pod-cidr pod-manifest-path qos-reserved reserved-cpus reserved-memory resolv-conf root-dir runtime-cgroups system-cgroups system-reserved-cgroup tls-cert-file tls-cipher-suites tls-min-version tls-private-key-file topology-manager-policy topology-manager-policy-options topology-manager-scope volume-plugin-dir vmodule logging-format pod-infra-container-image node-ip node-labels provider-id hostname-override register-with-taints cluster-dns cluster-domain kubeconfig',
  },
  'kube-apiserver-arg': {
    flag: 'allow-privileged anonymous-auth audit-log-compress contention-profiling enable-aggregator-routing enable-bootstrap-token-auth enable-garbage-collector enable-priority-and-fairness profiling service-account-lookup watch-cache',
    number: 'audit-log-maxage audit-log-maxbackup audit-log-maxsize audit-webhook-batch-buffer-size audit-webhook-batch-max-size default-not-ready-toleration-seconds default-unreachable-toleration-seconds default-watch-cache-size delete-collection-workers http2-max-streams-per-connection lease-reuse-duration-seconds max-mutating-requests-inflight max-requests-inflight min-request-timeout v',
    duration: 'audit-webhook-batch-max-wait audit-webhook-initial-backoff authentication-token-webhook-cache-ttl authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl etcd-compaction-interval etcd-count-metric-poll-period event-ttl kubelet-timeout livez-grace-period request-timeout service-account-max-token-expiration shutdown-delay-duration',
    text: 'admission-control-config-file advertise-address api-audiences audit-log-batch-max-size audit-log-format audit-log-mode audit-log-path audit-policy-file audit-webhook-config-file audit-webhook-mode authentication-config authentication-token-webhook-config-file authorization-config authorization-mode authorization-policy-file authorization-webhook-config-file authorization-webhook-version bind-address cert-dir client-ca-file cors-allowed-origins disable-admission-plugins egress-selector-config-file enable-admission-plugins encryption-provider-config encryption-provider-config-automatic-reload endpoint-reconciler-type etcd-cafile etcd-certfile etcd-keyfile etcd-prefix etcd-servers etcd-servers-overrides external-hostname goaway-chance kubelet-certificate-authority kubelet-client-certificate kubelet-client-key kubelet-preferred-address-types oidc-ca-file oidc-client-id oidc-groups-claim oidc-groups-prefix oidc-issuer-url oidc-required-claim oidc-signing-algs oidc-username-claim oidc-username-prefix proxy-client-cert-file proxy-client-key-file requestheader-allowed-names requestheader-client-ca-file requestheader-extra-headers-prefix requestheader-group-headers requestheader-username-headers runtime-config secure-port service-account-issuer service-account-jwks-uri service-account-key-file service-account-signing-key-file service-cluster-ip-range service-node-port-range storage-backend storage-media-type tls-cert-file tls-cipher-suites tls-min-version tls-private-key-file token-auth-file tracing-config-file watch-cache-sizes',
  },
  'kube-controller-manager-arg': {
    flag: 'allocate-node-cidrs cluster-signing-disable configure-cloud-routes contention-profiling enable-dynamic-provisioning enable-garbage-collector enable-hostpath-provisioner leader-elect profiling use-service-account-credentials',
    number: 'concurrent-cron-job-syncs concurrent-deployment-syncs concurrent-endpoint-syncs concurrent-gc-syncs concurrent-job-syncs concurrent-namespace-syncs concurrent-replicaset-syncs concurrent-resource-quota-syncs concurrent-service-syncs concurrent-serviceaccount-token-syncs concurrent-statefulset-syncs horizontal-pod-autoscaler-tolerance kube-api-burst kube-api-qps large-cluster-size-threshold max-endpoints-per-slice node-cidr-mask-size node-cidr-mask-size-ipv4 node-cidr-mask-size-ipv6 node-eviction-rate secondary-node-eviction-rate terminated-pod-gc-threshold unhealthy-zone-threshold v',
    duration: 'attach-detach-reconcile-sync-period cluster-signing-duration horizontal-pod-autoscaler-cpu-initialization-period horizontal-pod-autoscaler-downscale-stabilization horizontal-pod-autoscaler-initial-readiness-delay horizontal-pod-autoscaler-sync-period leader-elect-lease-duration leader-elect-renew-deadline leader-elect-retry-period min-resync-period mirroring-endpointslice-updates-batch-period namespace-sync-period node-monitor-grace-period node-monitor-period node-startup-grace-period pvclaimbinder-sync-period resource-quota-sync-period route-reconciliation-period',
    text: 'authentication-kubeconfig authorization-kubeconfig bind-address cidr-allocator-type client-ca-file cloud-config cloud-provider cluster-cidr cluster-name cluster-signing-cert-file cluster-signing-key-file controllers external-cloud-volume-plugin flex-volume-plugin-dir kubeconfig root-ca-file secure-port service-account-private-key-file service-cluster-ip-range tls-cert-file tls-cipher-suites tls-min-version tls-private-key-file',
  },
  'kube-scheduler-arg': {
    flag: 'contention-profiling leader-elect profiling',
    number: 'kube-api-burst kube-api-qps v',
    duration: 'leader-elect-lease-duration leader-elect-renew-deadline leader-elect-retry-period pod-max-in-unschedulable-pods-duration',
    text: 'authentication-kubeconfig authorization-kubeconfig bind-address config kubeconfig secure-port tls-cert-file tls-cipher-suites tls-min-version tls-private-key-file',
  },
  'kube-proxy-arg': {
    flag: 'bind-address-hard-fail cleanup init-only iptables-localhost-nodeports ipvs-strict-arp masquerade-all profiling',
    number: 'config-sync-burst conntrack-max-per-core conntrack-min iptables-masquerade-bit kube-api-burst kube-api-qps oom-score-adj v',
    duration: 'config-sync-period conntrack-tcp-timeout-close-wait conntrack-tcp-timeout-established conntrack-udp-timeout conntrack-udp-timeout-stream iptables-min-sync-period iptables-sync-period ipvs-min-sync-period ipvs-sync-period ipvs-tcp-timeout ipvs-tcpfin-timeout ipvs-udp-timeout',
    text: 'bind-address cluster-cidr config detect-local-mode healthz-bind-address hostname-override ipvs-exclude-cidrs ipvs-scheduler kubeconfig metrics-bind-address nodeport-addresses pod-bridge-interface proxy-mode show-hidden-metrics-for-version',
  },
  'etcd-arg': {
    flag: 'enable-pprof force-new-cluster pre-vote strict-reconfig-check',
    number: 'backend-batch-limit election-timeout heartbeat-interval max-concurrent-streams max-request-bytes max-snapshots max-txn-ops max-wals quota-backend-bytes snapshot-count',
    duration: 'backend-batch-interval grpc-keepalive-interval grpc-keepalive-min-time grpc-keepalive-timeout',
    text: 'auto-compaction-mode auto-compaction-retention cipher-suites data-dir initial-cluster listen-metrics-urls log-level log-outputs metrics name unsafe-no-fsync wal-dir',
  },
};

/** Of klog, which every program of Kubernetes had until 1.26. [kubernetes #112120: logs: remove deprecated klog flags] */
const KLOG = Object.fromEntries(
  'add-dir-header alsologtostderr log-backtrace-at log-dir log-file log-file-max-size logtostderr one-output skip-headers skip-log-headers stderrthreshold'
    .split(' ')
    .map((name) => [name, "leave it out: K3s's unit logs to the journal"]),
);
/** Of servers that served without TLS until 1.24. */
const INSECURE = 'leave it out: it is served by TLS only';

/** Flags that a minor version before 1.31 has dropped, with what to write instead. [k8s CHANGELOG, "removed the deprecated flag"] */
export const GONE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'kubelet-arg': {
    ...KLOG,
    'allow-privileged': 'leave it out: the API server decides that',
    'cni-bin-dir': 'leave it out: containerd loads the CNI',
    'cni-cache-dir': 'leave it out: containerd loads the CNI',
    'cni-conf-dir': 'leave it out: containerd loads the CNI',
    'container-runtime': 'use spec.k3s.config.container-runtime-endpoint',
    'docker-endpoint': 'leave it out: K3s runs containerd',
    'dynamic-config-dir': 'use config-dir',
    'experimental-allocatable-ignore-eviction': 'leave it out',
    'image-pull-progress-deadline': 'use runtime-request-timeout',
    'network-plugin': 'use spec.k3s.config.flannel-backend: none and a CNI of your own',
    'network-plugin-mtu': 'leave it out: the CNI sets it',
  },
  'kube-apiserver-arg': {
    ...KLOG,
    'basic-auth-file': 'use oidc-issuer-url, or client certificates',
    'insecure-bind-address': INSECURE,
    'insecure-port': INSECURE,
    'kubelet-https': 'leave it out: it is always so',
  },
  'kube-controller-manager-arg': {
    ...KLOG,
    address: INSECURE,
    port: INSECURE,
    'deleting-pods-burst': 'leave it out',
    'deleting-pods-qps': 'use node-eviction-rate',
    'enable-taint-manager': 'leave it out: it is always so',
    'experimental-cluster-signing-duration': 'use cluster-signing-duration',
    'horizontal-pod-autoscaler-downscale-delay': 'use horizontal-pod-autoscaler-downscale-stabilization',
    'horizontal-pod-autoscaler-upscale-delay': 'leave it out',
    'horizontal-pod-autoscaler-use-rest-clients': 'leave it out',
    'pod-eviction-timeout': 'use default-unreachable-toleration-seconds in kube-apiserver-arg',
    'register-retry-count': 'leave it out',
  },
  'kube-scheduler-arg': {
    ...KLOG,
    address: INSECURE,
    port: INSECURE,
    'algorithm-provider': 'use config',
    'policy-config-file': 'use config',
    'policy-configmap': 'use config',
    'use-legacy-policy-config': 'use config',
  },
  'kube-proxy-arg': { ...KLOG },
  'etcd-arg': { 'enable-v2': 'leave it out: etcd has the API v3 only', proxy: 'leave it out: it was of the API v2' },
};

const kindsOf = (table: Table): (readonly [string, ComponentKind])[] =>
  (Object.entries(table) as [ComponentKind, string][]).flatMap(([kind, names]) =>
    names.split(' ').map((name) => [name, kind] as const),
  );

const KINDS = new Map(
  Object.entries(TABLES).map(([key, table]) => [
    key,
    new Map([...(key === 'etcd-arg' ? [] : kindsOf(LOGS)), ...kindsOf(table)]),
  ]),
);

/** Returns the kind of value of a program's flag; undefined for a flag outside of the table. */
export const componentKind = (key: string, name: string): ComponentKind | undefined => KINDS.get(key)?.get(name);

/** Returns the flags of a program, for suggestions. */
export const componentFlags = (key: string): string[] => [...(KINDS.get(key)?.keys() ?? [])];
