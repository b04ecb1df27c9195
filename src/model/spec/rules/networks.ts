import { canonicalCidr, hasHostBits, parseCidr } from '../cidr.js';
import type { ClusterDocument } from '../schema.js';
import { type Violation, valueText } from '../violation.js';
import type { Rule } from './rule.js';

/** Networks are networks, nothing is listed twice, and settings that would have no effect are refused. */
export const networks: Rule = (document) => [...apiCidrs(document), ...lists(document)];

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

const EXAMPLE = 'for example 203.0.113.0/24, or 203.0.113.7/32 for one address';

/** A network in canonical form. */
export function checkCidr(text: string, path: (string | number)[], remedy = EXAMPLE): Violation[] {
  const network = parseCidr(text);
  if (network === null) {
    return [
      {
        path,
        message: `${valueText(text)} is not an IPv4 network`,
        remedy,
      },
    ];
  }
  if (!hasHostBits(network)) return [];
  return [
    { path, message: `${valueText(text)} is an address in a network, not the network`, remedy: canonicalCidr(network) },
  ];
}
