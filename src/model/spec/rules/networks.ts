import { canonicalCidr, hasHostBits, parseCidr } from '../cidr.js';
import type { ClusterDocument } from '../schema.js';
import { type Violation, valueText } from '../violation.js';
import type { Rule } from './rule.js';

/** Checks that networks are networks, that nothing is listed twice, and that every setting has an effect. */
export const networks: Rule = (document) => [
  ...apiCidrs(document),
  ...ingress(document),
  ...groups(document),
  ...lists(document),
];

function apiCidrs({ spec }: ClusterDocument): Violation[] {
  const path = ['spec', 'access', 'apiCidrs'];
  const violations = spec.access.apiCidrs.flatMap((text, index) => checkCidr(text, [...path, index]));
  if (spec.network.securityGroupIds !== undefined && spec.access.apiCidrs.length > 0) {
    violations.push({
      path,
      message: 'has no effect together with spec.network.securityGroupIds',
      hint: 'open port 6443 in your own group, or leave securityGroupIds out',
    });
  }
  return violations;
}

function ingress({ spec }: ClusterDocument): Violation[] {
  const own = spec.network.securityGroupIds !== undefined && spec.access.ingress.length > 0;
  const message = 'has no effect together with spec.network.securityGroupIds';
  const hint = 'open the ports in your own group, or leave securityGroupIds out';
  const seen = new Map<string, number>();
  return [
    ...(own ? [{ path: ['spec', 'access', 'ingress'], message, hint }] : []),
    ...spec.access.ingress.flatMap(({ protocol, port, toPort, cidrs, nodes }, index) => {
      const path = ['spec', 'access', 'ingress', index];
      const first = port ?? 0;
      const last = toPort ?? first;
      const reaches = (from: number, to: number): boolean => protocol === 'tcp' && first <= to && last >= from;
      const about: Violation[] = [];
      if (protocol === 'icmp' && port !== undefined)
        about.push({ path: [...path, 'port'], message: 'is not for icmp', hint: 'leave it out' });
      if (protocol !== 'icmp' && port === undefined)
        about.push({ path, message: 'has no port', hint: 'add port, for example 443' });
      if (toPort !== undefined && last < first)
        about.push({
          path: [...path, 'toPort'],
          message: `is ${toPort}, and port is ${first}`,
          hint: 'the last port of several',
        });
      if (reaches(2379, 2380) && nodes !== 'agents')
        about.push({
          path: [...path, 'port'],
          message: 'opens etcd, which holds every secret',
          hint: 'leave 2379 and 2380 out',
        });
      if (protocol === 'udp' && first <= 8472 && last >= 8472)
        about.push({
          path: [...path, 'port'],
          message: "opens Flannel's VXLAN, which lets anyone into the network of pods",
          hint: 'leave 8472 out',
        });
      if (reaches(10250, 10250))
        about.push({
          path: [...path, 'port'],
          message: 'opens the kubelets, which run commands in pods',
          hint: 'leave 10250 out',
        });
      for (const [at, text] of cidrs.entries()) {
        const rule = JSON.stringify([protocol, port, toPort ?? port, text, nodes]);
        const earlier = seen.get(rule);
        if (earlier !== undefined)
          about.push({
            path: [...path, 'cidrs', at],
            message: `${valueText(text)} is open for this port already, by ingress[${earlier}]`,
            hint: 'leave one out',
          });
        seen.set(rule, earlier ?? index);
      }
      return [...about, ...cidrs.flatMap((text, at) => checkCidr(text, [...path, 'cidrs', at]))];
    }),
  ];
}

/** A network interface takes five by default. [docs: VPC quotas, security groups per network interface] */
const MOST_GROUPS = 5;

function groups({ spec }: ClusterDocument): Violation[] {
  const { securityGroupIds = ['own'], extraSecurityGroupIds: extra } = spec.network;
  const path = ['spec', 'network', 'extraSecurityGroupIds'];
  const twice = extra.find((id) => securityGroupIds.includes(id));
  const count = securityGroupIds.length + extra.length;
  return [
    ...(twice === undefined
      ? []
      : [{ path, message: `${twice} is in securityGroupIds already`, hint: 'leave one out' }]),
    ...(count <= MOST_GROUPS
      ? []
      : [{ path, message: `makes ${count} groups for each node`, hint: `at most ${MOST_GROUPS} in all` }]),
  ];
}

function lists({ spec }: ClusterDocument): Violation[] {
  const all = [
    { path: ['spec', 'access', 'apiCidrs'], values: spec.access.apiCidrs },
    { path: ['spec', 'access', 'extraSans'], values: spec.access.extraSans },
    { path: ['spec', 'network', 'subnetIds'], values: spec.network.subnetIds ?? [] },
    { path: ['spec', 'network', 'extraSecurityGroupIds'], values: spec.network.extraSecurityGroupIds },
    { path: ['spec', 'network', 'securityGroupIds'], values: spec.network.securityGroupIds ?? [] },
  ];
  return all.flatMap(({ path, values }) =>
    values.flatMap((value, index) =>
      values.indexOf(value) === index
        ? []
        : [{ path: [...path, index], message: `${valueText(value)} is there twice`, hint: 'leave one out' }],
    ),
  );
}

const EXAMPLE = 'for example 203.0.113.0/24, or 203.0.113.7/32 for one address';

/** Returns a network in canonical form. */
export function checkCidr(text: string, path: (string | number)[], hint = EXAMPLE): Violation[] {
  const network = parseCidr(text);
  if (network === null) {
    return [
      {
        path,
        message: `${valueText(text)} is not an IPv4 network`,
        hint,
      },
    ];
  }
  if (!hasHostBits(network)) return [];
  return [
    { path, message: `${valueText(text)} is an address in a network, not the network`, hint: canonicalCidr(network) },
  ];
}
