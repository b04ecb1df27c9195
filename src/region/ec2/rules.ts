/** Rules of security groups: `IpPermissions.n` on the way in, permissions grouped by protocol and ports on the way out. */
import type { Xml } from '../xml.js';
import type { Rule } from './account.js';
import { ACCOUNT_ID } from './network.js';
import { invalidValue, missing, type Params } from './params.js';

export const ANY_OUT: Rule = {
  id: '',
  protocol: '-1',
  fromPort: -1,
  toPort: -1,
  source: { kind: 'cidr', value: '0.0.0.0/0' },
  description: '',
};

/** One rule for each source that the permissions name; their ids are empty yet. */
export function readRules(params: Params): Rule[] {
  const permissions = params.structs('IpPermissions');
  if (permissions.length === 0) throw missing('IpPermissions');
  return permissions.flatMap((permission) => {
    const protocol = permission.required('IpProtocol');
    const all = protocol === '-1';
    const fromPort = all ? -1 : port(permission, 'FromPort');
    const toPort = all ? -1 : port(permission, 'ToPort');
    if (!['tcp', 'udp', 'icmp', '-1'].includes(protocol)) throw invalidValue('ipProtocol', protocol);
    if (fromPort > toPort) throw invalidValue('fromPort', String(fromPort), 'Invalid TCP/UDP port range.');
    const rules = sources(permission).map(
      ({ description, ...source }): Rule => ({ id: '', protocol, fromPort, toPort, source, description }),
    );
    if (rules.length === 0) throw missing('IpRanges');
    return rules;
  });
}

export function sameRule(one: Rule, other: Rule): boolean {
  return (
    one.protocol === other.protocol &&
    one.fromPort === other.fromPort &&
    one.toPort === other.toPort &&
    one.source.kind === other.source.kind &&
    one.source.value === other.source.value
  );
}

export function permissionsXml(rules: readonly Rule[]): Xml {
  const byPorts = new Map<string, Rule[]>();
  for (const rule of rules) {
    const key = `${rule.protocol}/${rule.fromPort}/${rule.toPort}`;
    byPorts.set(key, [...(byPorts.get(key) ?? []), rule]);
  }
  return [...byPorts.values()].map(([first, ...others]) => permissionXml(first ? [first, ...others] : []));
}

export function ruleXml(groupId: string, rule: Rule): Xml {
  const { kind, value } = rule.source;
  return {
    securityGroupRuleId: rule.id,
    groupId,
    groupOwnerId: ACCOUNT_ID,
    isEgress: false,
    ipProtocol: rule.protocol,
    fromPort: rule.fromPort,
    toPort: rule.toPort,
    cidrIpv4: kind === 'cidr' ? value : null,
    cidrIpv6: kind === 'cidr6' ? value : null,
    referencedGroupInfo: kind === 'group' ? { groupId: value, userId: ACCOUNT_ID } : null,
    description: rule.description || null,
  };
}

function permissionXml(rules: Rule[]): Xml {
  const [first] = rules;
  const of = (kind: Rule['source']['kind']): Rule[] => rules.filter(({ source }) => source.kind === kind);
  const described = ({ description }: Rule) => ({ description: description || null });
  const all = first?.protocol === '-1';
  return {
    ipProtocol: first?.protocol,
    fromPort: all ? null : first?.fromPort,
    toPort: all ? null : first?.toPort,
    groups: of('group').map((rule) => ({ userId: ACCOUNT_ID, groupId: rule.source.value, ...described(rule) })),
    ipRanges: of('cidr').map((rule) => ({ cidrIp: rule.source.value, ...described(rule) })),
    ipv6Ranges: of('cidr6').map((rule) => ({ cidrIpv6: rule.source.value, ...described(rule) })),
    prefixListIds: [],
  };
}

function sources(permission: Params): (Rule['source'] & { description: string })[] {
  const read = (list: string, field: string, kind: Rule['source']['kind']) =>
    permission.structs(list).map((source) => {
      const value = source.required(field);
      if (kind === 'cidr' && !isCidr(value)) throw invalidValue('cidrIp', value, `CIDR block ${value} is malformed`);
      return { kind, value, description: source.text('Description') ?? '' };
    });
  return [
    ...read('IpRanges', 'CidrIp', 'cidr'),
    ...read('Ipv6Ranges', 'CidrIpv6', 'cidr6'),
    ...read('Groups', 'GroupId', 'group'),
  ];
}

function isCidr(text: string): boolean {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return false;
  const [a = 0, b = 0, c = 0, d = 0, bits = 0] = match.slice(1).map(Number);
  return [a, b, c, d].every((part) => part <= 255) && bits <= 32;
}

function port(permission: Params, name: string): number {
  const value = permission.integer(name);
  if (value === undefined) throw missing(name);
  if (value < -1 || value > 65_535) throw invalidValue(name, String(value));
  return value;
}
