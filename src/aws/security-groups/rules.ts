import type { IpPermission, SecurityGroup } from '@aws-sdk/client-ec2';
import { type GroupIds, OUT_TO_ALL, ruleKey } from '../../model/security-groups/keys.js';
import type { GroupRule } from '../../model/security-groups/rules.js';

/** One rule with one source, and the form in which EC2 adds or removes it. */
export interface PermittedRule {
  /** The same rule has the same key in the document and in EC2's answer. */
  key: string;
  permission: IpPermission;
}

/** Returns EC2's permission for a rule of the document. */
export function permissionOf({ protocol, from, to, source, what }: GroupRule, ids: GroupIds): PermittedRule {
  // EC2 ignores the ports of a protocol by number, and wants none for all protocols. [docs: EC2 IpPermission]
  const known = protocol === '-1' ? {} : { FromPort: from ?? -1, ToPort: to ?? -1 };
  const ports = { IpProtocol: protocol, ...known };
  const Description = `keelson: ${what}`;
  if ('group' in source) {
    const GroupId = ids[source.group] ?? '';
    const key = ruleKey({ protocol, from, to, source: GroupId });
    return { key, permission: { ...ports, UserIdGroupPairs: [{ GroupId, Description }] } };
  }
  const key = ruleKey({ protocol, from, to, source: source.cidr });
  return { key, permission: { ...ports, IpRanges: [{ CidrIp: source.cidr, Description }] } };
}

/** Returns the rules of a group, one a source: EC2 merges sources that share their ports. */
export function ingressOf({ IpPermissions: permissions = [] }: SecurityGroup): PermittedRule[] {
  return permissions.flatMap((permission) => {
    const { IpProtocol: protocol = '', FromPort, ToPort } = permission;
    const ports = {
      IpProtocol: protocol,
      ...(FromPort !== undefined && { FromPort }),
      ...(ToPort !== undefined && { ToPort }),
    };
    const rule = (source: string | undefined, part: IpPermission): PermittedRule => ({
      key: ruleKey({ protocol, from: FromPort ?? null, to: ToPort ?? null, source: source ?? '' }),
      permission: { ...ports, ...part },
    });
    return [
      // The pair as EC2 shows it: revoking one of another account or a peered VPC needs all its parts.
      ...(permission.UserIdGroupPairs ?? []).map((pair) => rule(pair.GroupId, { UserIdGroupPairs: [pair] })),
      ...(permission.IpRanges ?? []).map((range) => rule(range.CidrIp, { IpRanges: [range] })),
      ...(permission.Ipv6Ranges ?? []).map((range) => rule(range.CidrIpv6, { Ipv6Ranges: [range] })),
      ...(permission.PrefixListIds ?? []).map((list) => rule(list.PrefixListId, { PrefixListIds: [list] })),
    ];
  });
}

/** The rule that lets everything out, which EC2 gives to each new group. */
export const ANY_OUT: IpPermission = { IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] };

/** Keys of all rules that count: this rule covers whatever else the group lets out. */
export function ruleKeysIn(group: SecurityGroup): string[] {
  const out = (group.IpPermissionsEgress ?? []).some(
    ({ IpProtocol, IpRanges = [] }) => IpProtocol === '-1' && IpRanges.some(({ CidrIp }) => CidrIp === '0.0.0.0/0'),
  );
  return [...ingressOf(group).map(({ key }) => key), ...(out ? [OUT_TO_ALL] : [])].sort();
}
