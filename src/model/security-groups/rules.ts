import type { ClusterDocument, ClusterSpec } from '../spec/schema.js';

/** The two security groups of a cluster's own: one for its servers, one for its agents. */
export const GROUP_ROLES = ['server', 'agent'] as const;
export type GroupRole = (typeof GROUP_ROLES)[number];

/** What a group lets in, before the ids of the groups are known. */
export interface GroupRule {
  /** The group that it stands in. */
  of: GroupRole;
  /** `-1` is all of them; `4` is IP in IP, which Calico uses. */
  protocol: 'tcp' | 'udp' | 'icmp' | '4' | '-1';
  /** Null where the protocol has no ports; of ICMP -1 is every type. */
  from: number | null;
  to: number | null;
  source: { group: GroupRole } | { cidr: string };
  /** What the port is for: the rule's description in AWS. */
  what: string;
}

type Ports = Pick<GroupRule, 'protocol' | 'from' | 'to' | 'what'>;

const API: Ports = { protocol: 'tcp', from: 6443, to: 6443, what: 'Kubernetes API' };
const ALL: Ports = { protocol: '-1', from: null, to: null, what: 'all from nodes of the cluster' };
/** etcd listens on 2379 and 2380; a group cannot forbid, so all else is allowed. */
const ALL_BUT_ETCD: readonly Ports[] = [
  { protocol: 'tcp', from: 0, to: 2378, what: 'below etcd' },
  { protocol: 'tcp', from: 2381, to: 65_535, what: 'above etcd' },
  { protocol: 'udp', from: 0, to: 65_535, what: 'all UDP' },
  { protocol: 'icmp', from: -1, to: -1, what: 'all ICMP' },
  { protocol: '4', from: null, to: null, what: 'IP in IP' },
];

/**
 * Every rule that lets something into the cluster's own groups. Nodes let in everything from each other, as CNIs, the embedded registry and pods on the
 * network of the host need it. Only the etcd of the servers is for servers alone: it trusts everyone who has its certificates. [docs: K3s
 * requirements, networking; EKS: cluster security group; docs/adr/0036]
 */
export function groupRulesOf({ spec }: ClusterDocument): GroupRule[] {
  return [
    ...amongNodes('server', ['server'], [ALL]),
    ...amongNodes('server', ['agent'], ALL_BUT_ETCD),
    ...amongNodes('agent', ['server', 'agent'], [ALL]),
    ...spec.access.apiCidrs.map((cidr): GroupRule => ({ of: 'server', ...API, source: { cidr } })),
    ...spec.access.ingress.flatMap(ingressRules),
  ];
}

function ingressRules({ protocol, port, toPort, cidrs, nodes }: ClusterSpec['access']['ingress'][number]): GroupRule[] {
  const first = protocol === 'icmp' ? -1 : (port ?? 1);
  const ports: Ports = {
    protocol,
    from: first,
    to: protocol === 'icmp' ? -1 : (toPort ?? first),
    what: 'access.ingress',
  };
  const roles = GROUP_ROLES.filter((role) => nodes === 'all' || nodes === `${role}s`);
  return roles.flatMap((of) => cidrs.map((cidr): GroupRule => ({ of, ...ports, source: { cidr } })));
}

/** Whether Keelson makes the groups: it does unless the document names groups of its own. */
export const ownsGroups = ({ spec }: ClusterDocument): boolean => (spec.network.securityGroupIds ?? []).length === 0;

const amongNodes = (of: GroupRole, sources: readonly GroupRole[], ports: readonly Ports[]): GroupRule[] =>
  ports.flatMap((port) => sources.map((group): GroupRule => ({ of, ...port, source: { group } })));
