import { canonicalCidr, hasHostBits, overlap, parseCidr } from '../cidr.js';
import type { ClusterDocument } from '../schema.js';
import { type Violation, valueText } from '../violation.js';
import type { Rule } from './rule.js';

/** K3s's own defaults, which count where the document sets only one of the two. [docs: cli/server] */
const DEFAULT_CIDR = { 'cluster-cidr': '10.42.0.0/16', 'service-cidr': '10.43.0.0/16' } as const;

/** Networks are networks, do not overlap, and settings that would have no effect are refused. */
export const networks: Rule = (document) => [...apiCidrs(document), ...lists(document), ...clusterCidrs(document)];

function apiCidrs({ spec }: ClusterDocument): Violation[] {
  const path = ['spec', 'access', 'apiCidrs'];
  const violations = spec.access.apiCidrs.flatMap((text, index) => checkCidr(text, [...path, index]));
  if (spec.network.securityGroupIds !== undefined && spec.access.apiCidrs.length > 0) {
    violations.push({
      path,
      message: 'has no effect together with spec.network.securityGroupIds',
      remedy: 'open port 6443 in your own group, or leave securityGroupIds out',
    });
  }
  return violations;
}

function lists({ spec }: ClusterDocument): Violation[] {
  const all = [
    { path: ['spec', 'access', 'apiCidrs'], values: spec.access.apiCidrs },
    { path: ['spec', 'access', 'extraSans'], values: spec.access.extraSans },
    { path: ['spec', 'network', 'subnetIds'], values: spec.network.subnetIds ?? [] },
    { path: ['spec', 'network', 'securityGroupIds'], values: spec.network.securityGroupIds ?? [] },
  ];
  return all.flatMap(({ path, values }) =>
    values.flatMap((value, index) =>
      values.indexOf(value) === index
        ? []
        : [{ path: [...path, index], message: `${valueText(value)} is there twice`, remedy: 'leave one out' }],
    ),
  );
}

/** Pod and service networks; `a,b` is dual stack, of which only the IPv4 part is looked at. */
function clusterCidrs({ spec }: ClusterDocument): Violation[] {
  const violations: Violation[] = [];
  const set = (key: keyof typeof DEFAULT_CIDR): unknown => spec.k3s.config[key];
  const given = (['cluster-cidr', 'service-cidr'] as const).filter((key) => set(key) !== undefined);
  for (const key of given) {
    const parts = String(set(key)).split(',');
    for (const part of parts.filter((one) => !one.includes(':'))) {
      violations.push(...checkCidr(part, ['spec', 'k3s', 'config', key]));
    }
  }
  const last = given.at(-1);
  if (last === undefined || violations.length > 0) return violations;
  const [pods, services] = (['cluster-cidr', 'service-cidr'] as const).map((key) => {
    const parts = String(set(key) ?? DEFAULT_CIDR[key]).split(',');
    return parseCidr(parts.find((one) => !one.includes(':')) ?? '');
  });
  if (pods && services && overlap(pods, services)) {
    violations.push({
      path: ['spec', 'k3s', 'config', last],
      message: `the networks of pods (${canonicalCidr(pods)}) and services (${canonicalCidr(services)}) overlap`,
      remedy: `for example ${DEFAULT_CIDR['cluster-cidr']} and ${DEFAULT_CIDR['service-cidr']}`,
    });
  }
  return violations;
}

function checkCidr(text: string, path: (string | number)[]): Violation[] {
  const network = parseCidr(text);
  if (network === null) {
    return [
      {
        path,
        message: `${valueText(text)} is not an IPv4 network`,
        remedy: 'for example 203.0.113.0/24, or 203.0.113.7/32 for one address',
      },
    ];
  }
  if (!hasHostBits(network)) return [];
  return [
    { path, message: `${valueText(text)} is an address in a network, not the network`, remedy: canonicalCidr(network) },
  ];
}
