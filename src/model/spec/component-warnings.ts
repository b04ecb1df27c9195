import { cniOf } from '../k3s/cni.js';
import { type ComponentArg, componentArgs, lastArg } from './component-args.js';
import { insecureArgs } from './insecure-args.js';
import { nodeBits } from './rules/cluster-networks.js';
import type { ClusterDocument, ClusterSpec } from './schema.js';
import type { Violation } from './violation.js';

/** Entries of `kubelet-arg` and its like that work, and do less than they seem to, or open what K3s closes. */
export const componentWarnings = (document: ClusterDocument): Violation[] => {
  const { spec } = document;
  const args = componentArgs(spec.k3s.config, ['spec', 'k3s', 'config']);
  const everywhere = (some: readonly ComponentArg[]): Violation[] => [...twice(some), ...insecureArgs(some)];
  return [
    ...everywhere(args),
    ...spec.pools.flatMap(({ config }, index) => everywhere(componentArgs(config, ['spec', 'pools', index, 'config']))),
    ...withoutPolicy(args),
    ...withoutProxy(spec, args),
    ...fewAddresses(document, args),
  ];
};

/** The last one counts. Flags that add up are left out. [k3s source: pkg/util/args.go] */
const ADDS = /^(feature-gates|runtime-config|node-labels)$/;

function twice(args: readonly ComponentArg[]): Violation[] {
  const last = new Map(args.map(({ key, name }, index) => [`${key} ${name}`, index]));
  return args.flatMap(({ key, name, path }, index): Violation[] => {
    if (last.get(`${key} ${name}`) === index || ADDS.test(name)) return [];
    return [{ path, message: `${name} is set again below, and the last one counts`, hint: 'keep one of them' }];
  });
}

/** [k8s.io: auditing, "if omitted, no events are logged"] */
function withoutPolicy(args: readonly ComponentArg[]): Violation[] {
  const of = (name: string) => lastArg(args, 'kube-apiserver-arg', name);
  const log = of('audit-log-path');
  if (log === undefined || of('audit-policy-file') !== undefined) return [];
  return [{ path: log.path, message: 'nothing is logged without a policy', hint: 'add audit-policy-file' }];
}

/** Without kube-proxy no address of a service leads anywhere, unless a CNI of one's own does its work. [docs: K3s, cli/server] */
function withoutProxy(spec: ClusterSpec, args: readonly ComponentArg[]): Violation[] {
  if (!/^(true|t|1)$/i.test(String(spec.k3s.config['disable-kube-proxy']))) return [];
  const idle = args.find(({ key }) => key === 'kube-proxy-arg');
  const at = ['spec', 'k3s', 'config', 'disable-kube-proxy'];
  return [
    ...(idle === undefined
      ? []
      : [{ path: idle.path, message: 'has no effect', hint: 'leave it out: disable-kube-proxy is set' }]),
    ...(cniOf(spec) === 'flannel' && spec.k3s.manifests.length === 0
      ? [
          {
            path: at,
            message: 'no pod reaches a service: nothing does the work of kube-proxy',
            hint: 'leave it out, or add the manifest of a replacement to spec.k3s.manifests',
          },
        ]
      : []),
  ];
}

/** The kubelet of Kubernetes takes 110 pods. [k8s.io: kubelet --max-pods] */
const PODS = 110;

/** Pods beyond the node's network stay in ContainerCreating. [CNI plugins: host-local, "no IP addresses available in range set"] */
function fewAddresses(document: ClusterDocument, args: readonly ComponentArg[]): Violation[] {
  const mask = lastArg(args, 'kube-controller-manager-arg', 'node-cidr-mask-size', 'node-cidr-mask-size-ipv4');
  const bits = nodeBits(document);
  const room = 2 ** (32 - bits) - 3;
  const isBounded = lastArg(args, 'kubelet-arg', 'max-pods') !== undefined;
  if (mask === undefined || room >= PODS || isBounded || cniOf(document.spec) !== 'flannel') return [];
  const message = `the /${bits} of each node has addresses for ${room} pods, and its kubelet takes ${PODS}`;
  return [{ path: mask.path, message, hint: `add max-pods=${room} to spec.k3s.config.kubelet-arg` }];
}
