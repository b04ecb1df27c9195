/** Rules of security groups: `IpPermissions.n` on the way in, permissions grouped by protocol and ports on the way out. */
import { AwsError } from '../aws-error.js';
import type { Xml } from '../xml.js';
import { newId } from './ids.js';
import { ACCOUNT_ID } from './network.js';
import { invalidValue, missing, type Params } from './params.js';

export interface Rule {
  id: string;
  protocol: string;
  /** -1 for all. */
  fromPort: number;
  toPort: number;
  source: { kind: 'cidr' | 'cidr6' | 'group'; value: string };
  description: string;
}

/** Returns the rule that each new group has on the way out. */
export const anyOut = (): Rule => ({
  id: newId('sgr'),
  protocol: '-1',
  fromPort: -1,
  toPort: -1,
  source: { kind: 'cidr', value: '0.0.0.0/0' },
  description: '',
});

/** Returns one rule for each source of the permissions; their ids are still empty. */
export function readRules(params: Params): Rule[] {
  const permissions = params.structs('IpPermissions');
  if (permissions.length === 0) throw missing('IpPermissions');
  return permissions.flatMap((permission) => {
    const protocol = permission.required('IpProtocol');
    const isNumber = /^\d{1,3}$/.test(protocol) && Number(protocol) <= 255;
    // Protocols by number have no ports. [docs: EC2 IpPermission]
    const all = protocol === '-1' || isNumber;
    const fromPort = all ? -1 : port(permission, 'FromPort');
    const toPort = all ? -1 : port(permission, 'ToPort');
    if (!isNumber && !['tcp', 'udp', 'icmp', '-1'].includes(protocol)) throw invalidValue('ipProtocol', protocol);
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

export function ruleXml(groupId: string, rule: Rule, isEgress = false): Xml {
  const { kind, value } = rule.source;
  return {
    securityGroupRuleId: rule.id,
    groupId,
    groupOwnerId: ACCOUNT_ID,
    isEgress,
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
  const all = /^(-1|\d+)$/.test(first?.protocol ?? '');
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
      const description = source.text('Description') ?? '';
      if (!DESCRIPTION.test(description)) throw invalidValue('description', description, 'Invalid rule description.');
      return { kind, value: kind === 'cidr' ? networkOf(value) : value, description };
    });
  if (permission.structs('PrefixListIds').length > 0) {
    const id = permission.structs('PrefixListIds')[0]?.required('PrefixListId') ?? '';
    throw new AwsError('InvalidPrefixListID.NotFound', 400, `The prefix list ID '${id}' does not exist`);
  }
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

/** EC2 keeps the network and not the given address: 100.68.0.18/18 becomes 100.68.0.0/18. [docs: AuthorizeSecurityGroupIngress] */
function networkOf(cidr: string): string {
  const [address = '', bits = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  const base = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const first = Math.floor(base / size) * size;
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${bits}`;
}

/** [docs: EC2, IpRange.Description] */
const DESCRIPTION = /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]{0,255}$/;

function port(permission: Params, name: string): number {
  const value = permission.integer(name);
  if (value === undefined) throw missing(name);
  if (value < -1 || value > 65_535) throw invalidValue(name, String(value));
  return value;
}
