import type { IpPermission } from '@aws-sdk/client-ec2';
import ipaddr from 'ipaddr.js';

/** Marks the rules that are ours to take away again; a rule that somebody else added stays. */
export const API_RULE = 'keelson: Kubernetes API for spec.access.apiCidrs';

/** Ports among the cluster's own nodes [docs: K3s requirements, networking]. 8472/udp must never be open to the world. */
const AMONG_NODES = [
  { protocol: 'tcp', from: 6443, to: 6443, what: 'Kubernetes API' },
  { protocol: 'tcp', from: 2379, to: 2380, what: 'etcd' },
  { protocol: 'tcp', from: 10250, to: 10250, what: 'kubelet' },
  { protocol: 'udp', from: 8472, to: 8472, what: 'Flannel VXLAN' },
  { protocol: 'udp', from: 51820, to: 51821, what: 'Flannel WireGuard' },
] as const;

export interface Rule {
  /** Same rule, same key; also for what EC2 answers. */
  key: string;
  description: string;
  permission: IpPermission;
}

/** The ingress that the group must have. */
export function wantedRules(groupId: string, apiCidrs: string[]): Rule[] {
  const among = AMONG_NODES.map(({ protocol, from, to, what }) =>
    ruleOf(protocol, from, to, { group: groupId }, `keelson: ${what}`),
  );
  return [...among, ...apiCidrs.map((cidr) => ruleOf('tcp', 6443, 6443, { cidr: networkOf(cidr) }, API_RULE))];
}

/** EC2 groups sources that share their ports; taken apart, one rule a source. */
export function presentRules(permissions: IpPermission[]): Rule[] {
  return permissions.flatMap((permission) => {
    const { IpProtocol: protocol = '', FromPort: from = -1, ToPort: to = -1 } = permission;
    const rule = (source: Source, description: string | undefined) =>
      ruleOf(protocol, from, to, source, description ?? '');
    return [
      ...(permission.UserIdGroupPairs ?? []).map((pair) => rule({ group: pair.GroupId ?? '' }, pair.Description)),
      ...(permission.IpRanges ?? []).map((range) => rule({ cidr: range.CidrIp ?? '' }, range.Description)),
      ...(permission.Ipv6Ranges ?? []).map((range) => rule({ cidr: range.CidrIpv6 ?? '' }, range.Description)),
    ];
  });
}

type Source = { group: string } | { cidr: string };

function ruleOf(protocol: string, from: number, to: number, source: Source, description: string): Rule {
  const ports = { IpProtocol: protocol, FromPort: from, ToPort: to };
  const Description = description;
  const key = `${protocol} ${from}-${to} ${'group' in source ? source.group : source.cidr}`;
  if ('group' in source)
    return { key, description, permission: { ...ports, UserIdGroupPairs: [{ GroupId: source.group, Description }] } };
  const permission = source.cidr.includes(':')
    ? { ...ports, Ipv6Ranges: [{ CidrIpv6: source.cidr, Description }] }
    : { ...ports, IpRanges: [{ CidrIp: source.cidr, Description }] };
  return { key, description, permission };
}

/** EC2 stores 10.0.0.7/24 as 10.0.0.0/24, and IPv6 in its short form: so that the two compare. */
function networkOf(cidr: string): string {
  const [address, bits] = ipaddr.parseCIDR(cidr);
  const network =
    address.kind() === 'ipv4'
      ? ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()
      : ipaddr.IPv6.networkAddressFromCIDR(cidr).toRFC5952String();
  return `${network}/${bits}`;
}
