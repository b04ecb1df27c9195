import { CreateSecurityGroupCommand, type EC2Client, type Filter, type SecurityGroup } from '@aws-sdk/client-ec2';
import { hasCode } from '../../aws/error-code.js';
import { failure, toFailure } from '../../aws/failure.js';
import { findGroups, groupName } from '../../aws/security-groups/find.js';
import { ANY_OUT, ingressOf, type PermittedRule, permissionOf, ruleKeysIn } from '../../aws/security-groups/rules.js';
import { ownedBy, tagSpecifications } from '../../aws/tags.js';
import { type GroupIds, OUT_TO_ALL, type RuleDifference, ruleDifference } from '../../model/security-groups/keys.js';
import { idsIn } from '../../model/security-groups/own-groups.js';
import { GROUP_ROLES, type GroupRole } from '../../model/security-groups/rules.js';
import { clusterTags, type Owner } from '../../model/tags.js';
import type { SecurityGroupsInput, SecurityGroupsResult } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { enterLine } from './await-turn.js';
import { changeRules } from './change-rules.js';
import { type ChangeTurns, changeTurns, lineForGroups } from './change-turns.js';
import { ownerOf } from './proof.js';

/** Waits until EC2 shows what it has accepted. [docs: EC2 eventual consistency] */
const LOOKS = 10;
const PAUSE_MS = 500;

type OwnedInput = SecurityGroupsInput & Owner;

/** A group, and whether this call has made it. */
interface Found {
  group: SecurityGroup;
  isNew: boolean;
}

/**
 * Returns the cluster's own groups with exactly the document's rules. It makes missing groups, opens missing rules first and then
 * closes superfluous ones, so that no one is cut off in between. It touches only groups that the workflow has recorded, or that carry the
 * cluster's tags and its own name.
 */
export async function ensureSecurityGroups(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: SecurityGroupsInput,
): Promise<SecurityGroupsResult> {
  const ec2 = deps.clients.ec2(input.region);
  const turn = changeTurns(deps, attempt, input);
  const owned = { ...input, ...(await ownerOf(deps, input)) };
  const line =
    input.known === null
      ? enterLine(lineForGroups(deps, input), input.uid, input.since, `CreateSecurityGroup in ${input.vpcId}`)
      : undefined;
  const found = await findOrMake(ec2, changeTurns(deps, attempt, input, line), owned).finally(line?.leave);
  const ids = { server: idOf(found.server), agent: found.agent === null ? null : idOf(found.agent) };
  const ensure = async (role: GroupRole, { group, isNew }: Found) => {
    const id = group.GroupId ?? '';
    const rules = input.rules.filter((rule) => rule.of === role).map((rule) => permissionOf(rule, ids));
    const wanted = [...new Map(rules.map((rule) => [rule.key, rule])).values()];
    const keys = [...wanted.map(({ key }) => key), OUT_TO_ALL].sort();
    const changed = await setRules(ec2, attempt, turn, group, wanted, keys);
    if (!isNew && changed.missing.length + changed.extra.length > 0) await untilSeen(ec2, attempt, id, keys);
    return { observed: { id, rules: keys }, changed };
  };
  const [server, agent] = await Promise.all([
    ensure('server', found.server),
    found.agent === null ? null : ensure('agent', found.agent),
  ]);
  return {
    groups: { server: server.observed, agent: agent?.observed ?? null },
    changed: { server: server.changed, agent: agent?.changed ?? { missing: [], extra: [] } },
  };
}

const idOf = ({ group }: Found): string => group.GroupId ?? '';

function setRules(
  ec2: EC2Client,
  attempt: ActivityContext,
  turn: ChangeTurns,
  group: SecurityGroup,
  wanted: readonly PermittedRule[],
  keys: readonly string[],
): Promise<RuleDifference> {
  const difference = ruleDifference(ruleKeysIn(group), keys);
  return changeRules(ec2, attempt, turn, group.GroupId ?? '', { wanted, present: ingressOf(group), difference });
}

/** Only what EC2 shows is done. */
async function untilSeen(ec2: EC2Client, attempt: ActivityContext, id: string, keys: readonly string[]): Promise<void> {
  for (let look = 1; ; look += 1) {
    const [group] = await findGroups(ec2, [{ Name: 'group-id', Values: [id] }]);
    const { missing, extra } = ruleDifference(group === undefined ? [] : ruleKeysIn(group), keys);
    if (missing.length + extra.length === 0) return;
    if (look === LOOKS)
      throw failure({
        code: 'GroupRulesNotSeen',
        class: 'transient',
        message: `the rules of ${id} were set, and EC2 shows others: missing ${missing.join(', ') || 'none'}, too much ${extra.join(', ') || 'none'}`,
        hint: 'see who else changes the group; the rules are compared and set again',
      });
    await attempt.sleep(PAUSE_MS);
  }
}

async function findOrMake(
  ec2: EC2Client,
  turn: ChangeTurns,
  input: OwnedInput,
): Promise<{ server: Found; agent: Found | null }> {
  const roles = GROUP_ROLES.filter((role) => input.rules.some(({ of }) => of === role));
  const recorded = input.known === null ? null : await findRecorded(ec2, input.known);
  const isComplete = roles.every((role) => recorded?.[role] !== undefined);
  const named = isComplete ? [] : await findNamed(ec2, input, roles);
  const ensure = async (role: GroupRole): Promise<Found> => {
    const there = recorded?.[role] ?? named.find((group) => group.GroupName === groupName(input, role));
    return there === undefined ? create(ec2, turn, input, role) : old(there);
  };
  const [server, agent] = await Promise.all([ensure('server'), roles.includes('agent') ? ensure('agent') : null]);
  return { server, agent };
}

const old = (group: SecurityGroup): Found => ({ group, isNew: false });

async function findRecorded(ec2: EC2Client, ids: GroupIds): Promise<Partial<Record<GroupRole, SecurityGroup>>> {
  const groups = await findGroups(ec2, [{ Name: 'group-id', Values: idsIn(ids) }]);
  return Object.fromEntries(
    GROUP_ROLES.flatMap((role) => {
      const group = groups.find(({ GroupId }) => GroupId === ids[role]);
      return group === undefined ? [] : [[role, group]];
    }),
  );
}

/** By tags and name together: neither alone proves that a group is the cluster's. */
function findNamed(ec2: EC2Client, input: OwnedInput, roles: readonly GroupRole[]): Promise<SecurityGroup[]> {
  const names: Filter = { Name: 'group-name', Values: roles.map((role) => groupName(input, role)) };
  return findGroups(ec2, [...ownedBy(input), { Name: 'vpc-id', Values: [input.vpcId] }, names]);
}

async function create(ec2: EC2Client, turn: ChangeTurns, input: OwnedInput, role: GroupRole): Promise<Found> {
  const GroupName = groupName(input, role);
  const command = new CreateSecurityGroupCommand({
    GroupName,
    Description: `${role === 'server' ? 'Servers' : 'Agents'} of the K3s cluster ${input.cluster}, made by Keelson`,
    VpcId: input.vpcId,
    TagSpecifications: tagSpecifications(clusterTags(input, input.tags), 'security-group'),
  });
  try {
    const { GroupId } = await turn('first', () => ec2.send(command));
    // EC2 gives each new group the rule that lets everything out. [docs: VPC, default outbound rule]
    const group = { ...(GroupId !== undefined && { GroupId }), IpPermissionsEgress: [ANY_OUT] };
    return { group, isNew: true };
  } catch (error) {
    if (hasCode(error, 'InvalidGroup.Duplicate')) {
      const [earlier] = await findNamed(ec2, input, [role]);
      if (earlier !== undefined) return old(earlier);
      // Without the tags it does not belong to the cluster, whatever its name is; EC2 may not show it yet, so the caller asks again.
      const [foreign] = await findGroups(ec2, [
        { Name: 'group-name', Values: [GroupName] },
        { Name: 'vpc-id', Values: [input.vpcId] },
      ]);
      if (foreign !== undefined) throw foreignGroup(foreign, input.vpcId);
    }
    throw toFailure(error, `CreateSecurityGroup ${GroupName} in ${input.vpcId}`);
  }
}

const foreignGroup = ({ GroupId, GroupName }: SecurityGroup, vpcId: string) =>
  failure({
    code: 'ForeignSecurityGroup',
    class: 'conflict',
    message: `${GroupId} in ${vpcId} has the name ${GroupName} and not the tags of this cluster: Keelson does not touch it`,
    hint: 'find out who has made the group, and delete it or give it the name that it should have; Keelson tries again',
    nonRetryable: true,
  });
