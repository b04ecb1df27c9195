import { type ComponentArg, componentArgs, lastArg } from '../component-args.js';
import type { ClusterSpec } from '../schema.js';
import type { Violation } from '../violation.js';
import { networkOf, nodeBits } from './cluster-networks.js';
import type { Rule } from './rule.js';

type Args = readonly ComponentArg[];
type Path = (string | number)[];

const KUBELET = 'kubelet-arg';
const API = 'kube-apiserver-arg';
const ETCD = 'etcd-arg';

/** Checks entries of `kubelet-arg` and its like that contradict each other, or the networks of the document. */
export const componentRelations: Rule = (document) => {
  const { spec } = document;
  const path = ['spec', 'k3s', 'config'];
  const args = componentArgs(spec.k3s.config, path);
  const bits = nodeBits(document);
  return [
    ...kubelet(args),
    ...podsPerNode(args, bits, document),
    ...spec.pools.flatMap((pool, index) => {
      const own = componentArgs(pool.config, ['spec', 'pools', index, 'config']);
      return [...kubelet(own), ...podsPerNode(own, bits, document)];
    }),
    ...oidc(args),
    ...authorization(args),
    ...elections(args),
    ...maskSize(args, document),
  ];
};

const numberOf = (arg: ComponentArg | undefined): number | null =>
  arg?.value != null && /^\d+$/.test(arg.value) ? Number(arg.value) : null;

/**
 * Pairs of flags whose values must be in order. [k8s source: pkg/kubelet/images/image_gc_manager.go; pkg/kubelet/cm/cpumanager;
 * pkg/kubelet/eviction/helpers.go]
 */
function kubelet(args: Args): Violation[] {
  const [high, low] = [
    lastArg(args, KUBELET, 'image-gc-high-threshold'),
    lastArg(args, KUBELET, 'image-gc-low-threshold'),
  ];
  const [most, least] = [numberOf(high) ?? 85, numberOf(low) ?? 80];
  const violations: Violation[] = [];
  const at = high ?? low;
  if (at !== undefined && least >= most)
    violations.push({
      path: at.path,
      message: `image-gc-high-threshold is ${most}, and image-gc-low-threshold ${low === undefined ? 'is 80 by default' : `is ${least}`}`,
      hint: 'the low one below the high one: set both',
    });
  const policy = lastArg(args, KUBELET, 'cpu-manager-policy');
  const reserves = args.some(
    ({ key, name, value }) =>
      key === KUBELET && (name === 'reserved-cpus' || (name.endsWith('-reserved') && /\bcpu=/.test(value ?? ''))),
  );
  if (policy?.value === 'static' && !reserves)
    violations.push({
      path: policy.path,
      message: 'the static policy needs a CPU that is reserved',
      hint: 'add system-reserved=cpu=500m or reserved-cpus=0',
    });
  const memory = lastArg(args, KUBELET, 'memory-manager-policy');
  // [k8s source: pkg/kubelet/cm/memorymanager/policy_static.go, "you should specify the system reserved memory"]
  if (memory?.value === 'Static' && lastArg(args, KUBELET, 'reserved-memory') === undefined)
    violations.push({
      path: memory.path,
      message: 'the Static policy needs memory that is reserved',
      hint: 'add reserved-memory=0:memory=600Mi, as much as kube-reserved, system-reserved and eviction-hard hold together',
    });
  const parallel = lastArg(args, KUBELET, 'max-parallel-image-pulls');
  const serial = lastArg(args, KUBELET, 'serialize-image-pulls')?.value;
  // [k8s source: pkg/kubelet/apis/config/validation, "maxParallelImagePulls"]
  if (parallel !== undefined && (numberOf(parallel) ?? 0) > 1 && !/^(false|f|0)$/i.test(serial ?? ''))
    violations.push({
      path: parallel.path,
      message: 'max-parallel-image-pulls is more than 1, and images are pulled one by one',
      hint: 'add serialize-image-pulls=false',
    });
  const soft = lastArg(args, KUBELET, 'eviction-soft');
  const grace = lastArg(args, KUBELET, 'eviction-soft-grace-period')?.value ?? '';
  const without = (soft?.value ?? '')
    .split(',')
    .map((threshold) => threshold.split('<')[0]?.trim() ?? '')
    .find((signal) => signal !== '' && !grace.includes(`${signal}=`));
  if (soft !== undefined && without !== undefined)
    violations.push({
      path: soft.path,
      message: `eviction-soft has ${without} without a grace period`,
      hint: `add eviction-soft-grace-period=${without}=1m30s`,
    });
  return violations;
}

/**
 * Flannel gives each node one network, and each pod an address of it; the first two and the last are in use. [CNI plugins: host-local,
 * bridge]
 */
function podsPerNode(args: Args, bits: number, { spec }: { spec: ClusterSpec }): Violation[] {
  const arg = lastArg(args, KUBELET, 'max-pods');
  const pods = numberOf(arg);
  // Another CNI may assign addresses differently.
  if (arg === undefined || pods === null || spec.k3s.config['flannel-backend'] === 'none' || bits > 30) return [];
  const room = 2 ** (32 - bits) - 3;
  if (pods <= room) return [];
  const needed = 32 - Math.ceil(Math.log2(pods + 3));
  return [
    {
      path: arg.path,
      message: `max-pods is ${pods}, and the /${bits} of each node has addresses for ${room} pods`,
      hint: `at most ${room}, or node-cidr-mask-size=${needed} in spec.k3s.config.kube-controller-manager-arg`,
    },
  ];
}

/** [k8s source: pkg/kubeapiserver/options/authentication.go] */
function oidc(args: Args): Violation[] {
  const [issuer, client] = [lastArg(args, API, 'oidc-issuer-url'), lastArg(args, API, 'oidc-client-id')];
  const violations: Violation[] = [];
  const [given, missing] = issuer === undefined ? [client, 'oidc-issuer-url'] : [issuer, 'oidc-client-id'];
  if (given !== undefined && (issuer === undefined || client === undefined))
    violations.push({ path: given.path, message: `${given.name} needs ${missing}`, hint: `add ${missing}=...` });
  if (issuer !== undefined && !/^https:\/\/[^\s/]+/.test(issuer.value ?? ''))
    violations.push({
      path: issuer.path,
      message: `oidc-issuer-url is not an https address`,
      hint: 'for example oidc-issuer-url=https://login.example.org',
    });
  return violations;
}

/** A file replaces its flags, and a mode needs its file. [k8s source: pkg/kubeapiserver/options/{authentication,authorization}.go] */
function authorization(args: Args): Violation[] {
  const of = (name: string) => lastArg(args, API, name);
  const [modes, config, authentication] = ['authorization-mode', 'authorization-config', 'authentication-config'].map(
    of,
  );
  const both = (file: ComponentArg | undefined, other: ComponentArg | undefined): Violation[] =>
    file === undefined || other === undefined
      ? []
      : [{ path: file.path, message: `${file.name} and ${other.name} exclude each other`, hint: 'keep one of them' }];
  const needs = [
    { mode: 'Webhook', file: 'authorization-webhook-config-file' },
    { mode: 'ABAC', file: 'authorization-policy-file' },
  ].filter(({ mode, file }) => modes?.value?.split(',').includes(mode) && of(file) === undefined);
  return [
    ...both(config, modes),
    ...both(authentication, of('oidc-issuer-url')),
    ...needs.map(({ mode, file }) => ({
      path: modes?.path ?? [],
      message: `the mode ${mode} needs ${file}`,
      hint: `add ${file}=/etc/rancher/k3s/${file}.yaml`,
    })),
  ];
}

/** The election time-out must be several heartbeats. [etcd source: server/embed/config.go, Validate] */
function elections(args: Args): Violation[] {
  const [beat, election] = [lastArg(args, ETCD, 'heartbeat-interval'), lastArg(args, ETCD, 'election-timeout')];
  const [interval, timeout] = [numberOf(beat) ?? 500, numberOf(election) ?? 5000];
  const at = election ?? beat;
  if (at === undefined) return [];
  if (timeout < 5 * interval)
    return [
      {
        path: at.path,
        message: `election-timeout is ${timeout}, and heartbeat-interval ${interval}`,
        hint: 'at least five times the heartbeat: set both, in milliseconds',
      },
    ];
  return timeout > 50_000
    ? [{ path: at.path, message: `election-timeout is ${timeout}`, hint: 'at most 50000 milliseconds' }]
    : [];
}

/** More than 16 bits between both, or a node beyond 32, ends the controller manager. [k8s source: pkg/controller/nodeipam/ipam/cidrset] */
function maskSize(args: Args, document: Parameters<Rule>[0]): Violation[] {
  const arg = lastArg(args, 'kube-controller-manager-arg', 'node-cidr-mask-size', 'node-cidr-mask-size-ipv4');
  const pods = networkOf(document, 'cluster-cidr');
  if (pods === null) return [];
  const mixed = maskFamilies(args);
  if (mixed.length > 0) return mixed;
  const bits = nodeBits(document);
  const path: Path = arg?.path ?? ['spec', 'k3s', 'config', 'cluster-cidr'];
  const hint = `from ${Math.min(30, Math.max(pods.bits, 16))} to ${Math.min(30, pods.bits + 16)}`;
  if (bits > 30) return [{ path, message: `a /${bits} for each node has no addresses for pods`, hint }];
  if (bits - pods.bits <= 16) return [];
  return [{ path, message: `a /${bits} for each node is too small for a /${pods.bits} of all pods`, hint }];
}

/** Nodes have one family, IPv4, and one mask. [k8s source: cmd/kube-controller-manager/app/core.go, setNodeCIDRMaskSizes] */
function maskFamilies(args: Args): Violation[] {
  const of = (name: string) => lastArg(args, 'kube-controller-manager-arg', name);
  const [any, v4, v6] = ['', '-ipv4', '-ipv6'].map((end) => of(`node-cidr-mask-size${end}`));
  if (v6 !== undefined)
    return [{ path: v6.path, message: 'nodes have no IPv6 network', hint: 'use node-cidr-mask-size, or leave it out' }];
  if (any === undefined || v4 === undefined) return [];
  return [{ path: v4.path, message: 'node-cidr-mask-size is set, too', hint: 'keep one of them' }];
}
