import type { ClusterDocument } from '../spec/schema.js';

/** The two security groups of a cluster's own: one for its servers, one for its agents. */
export const GROUP_ROLES = ['server', 'agent'] as const;
export type GroupRole = (typeof GROUP_ROLES)[number];

/** What a group lets in, before the ids of the groups are known. */
export interface GroupRule {
  /** The group that it stands in. */
  of: GroupRole;
  protocol: 'tcp' | 'udp';
  from: number;
  to: number;
  source: { group: GroupRole } | { cidr: string };
  /** What the port is for: the rule's description in AWS. */
  what: string;
}

type Ports = Pick<GroupRule, 'protocol' | 'from' | 'to' | 'what'>;

const API: Ports = { protocol: 'tcp', from: 6443, to: 6443, what: 'Kubernetes API' };
const ETCD: Ports = { protocol: 'tcp', from: 2379, to: 2380, what: 'etcd' };
const KUBELET: Ports = { protocol: 'tcp', from: 10250, to: 10250, what: 'kubelet' };
const VXLAN: Ports = { protocol: 'udp', from: 8472, to: 8472, what: 'Flannel VXLAN' };
const WIREGUARD: Ports = { protocol: 'udp', from: 51820, to: 51821, what: 'Flannel WireGuard' };
const REGISTRY: Ports = { protocol: 'tcp', from: 5001, to: 5001, what: 'embedded registry' };

/**
 * Every rule that lets something into the cluster's own groups. Agents reach the API of the servers and never their etcd, which
 * trusts whoever has its certificates. [docs: K3s requirements, networking]
 */
export function groupRulesOf({ spec }: ClusterDocument): GroupRule[] {
  const amongAll = [KUBELET, overlayOf(spec.k3s.config['flannel-backend'])];
  if (isOn(spec.k3s.config['embedded-registry'])) amongAll.push(REGISTRY);
  return [
    ...amongNodes('server', ['server', 'agent'], [API]),
    ...amongNodes('server', ['server'], [ETCD]),
    ...GROUP_ROLES.flatMap((of) => amongNodes(of, ['server', 'agent'], amongAll)),
    ...spec.access.apiCidrs.map((cidr): GroupRule => ({ of: 'server', ...API, source: { cidr } })),
  ];
}

/** Whether Keelson makes the groups: it does unless the document names groups of its own. */
export const ownsGroups = ({ spec }: ClusterDocument): boolean => (spec.network.securityGroupIds ?? []).length === 0;

const amongNodes = (of: GroupRole, sources: readonly GroupRole[], ports: readonly Ports[]): GroupRule[] =>
  ports.flatMap((port) => sources.map((group): GroupRule => ({ of, ...port, source: { group } })));

/** WireGuard has ports of its own; VXLAN is K3s's default, and what other CNIs mostly use. [docs: K3s, basic network options] */
const overlayOf = (backend: unknown): Ports =>
  typeof backend === 'string' && backend.startsWith('wireguard') ? WIREGUARD : VXLAN;

const isOn = (value: unknown): boolean => value === true || value === 'true';
