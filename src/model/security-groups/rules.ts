import type { ClusterDocument, ClusterSpec } from '../spec/schema.js';

/** The security groups of a cluster: one for its servers, and one for its agents once its document has named a pool. */
export const GROUP_ROLES = ['server', 'agent'] as const;
export type GroupRole = (typeof GROUP_ROLES)[number];

/** A rule that lets something in, before the ids of the groups are known. */
export interface GroupRule {
  /** Group of the rule. */
  of: GroupRole;
  /** `-1` is all of them; `4` is IP in IP, which Calico uses. */
  protocol: 'tcp' | 'udp' | 'icmp' | '4' | '-1';
  /** Null for a protocol without ports; for ICMP -1 is every type. */
  from: number | null;
  to: number | null;
  source: { group: GroupRole } | { cidr: string };
  /** Purpose of the port: the rule's description in AWS. */
  what: string;
}

type Ports = Pick<GroupRule, 'protocol' | 'from' | 'to' | 'what'>;

const API: Ports = { protocol: 'tcp', from: 6443, to: 6443, what: 'Kubernetes API' };
const ALL: Ports = { protocol: '-1', from: null, to: null, what: 'all from nodes of the cluster' };
/** etcd listens on 2379 and 2380; a group cannot forbid, so all other ports are allowed. */
const ALL_BUT_ETCD: readonly Ports[] = [
  { protocol: 'tcp', from: 0, to: 2378, what: 'below etcd' },
  { protocol: 'tcp', from: 2381, to: 65_535, what: 'above etcd' },
  { protocol: 'udp', from: 0, to: 65_535, what: 'all UDP' },
  { protocol: 'icmp', from: -1, to: -1, what: 'all ICMP' },
  { protocol: '4', from: null, to: null, what: 'IP in IP' },
];

/**
 * Returns every rule that lets something into the cluster's own groups. Nodes accept everything from each other, as CNIs, the embedded
 * registry and pods on the network of the host need it. Only servers reach the servers' etcd, which trusts every holder of its
 * certificates. [docs: K3s requirements, networking; EKS: cluster security group; docs/adr/0036]
 *
 * @param agents whether the agents have a group of their own
 */
export function groupRulesOf(document: ClusterDocument, agents = hasPools(document)): GroupRule[] {
  const all = rulesOfBoth(document);
  const isAgents = (role: GroupRole): boolean => role === 'agent';
  return agents ? all : all.filter(({ of, source }) => !isAgents(of) && !('group' in source && isAgents(source.group)));
}

/** Two of the four changes that EC2 counts for a cluster of one server would be for a group that nothing is in. [docs/adr/0083] */
const hasPools = ({ spec }: ClusterDocument): boolean => spec.pools.length > 0;

function rulesOfBoth({ spec }: ClusterDocument): GroupRule[] {
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

/** Returns whether Keelson makes the groups: it does unless the document names its own. */
export const ownsGroups = ({ spec }: ClusterDocument): boolean => (spec.network.securityGroupIds ?? []).length === 0;

const amongNodes = (of: GroupRole, sources: readonly GroupRole[], ports: readonly Ports[]): GroupRule[] =>
  ports.flatMap((port) => sources.map((group): GroupRule => ({ of, ...port, source: { group } })));
