import {
  groupsDifferenceText,
  instanceGroups,
  isRefused,
  isSetFor,
  lacksAgentGroup,
} from '../security-groups/own-groups.js';
import { groupRulesOf, ownsGroups } from '../security-groups/rules.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState } from '../state.js';
import type { PlanBuilder } from './steps.js';

/** Rules that a group may have by default; more want a higher quota. [docs: VPC quotas, inbound or outbound rules per security group] */
const DEFAULT_QUOTA = 60;

/**
 * Plans the cluster's own security groups: made before the first launch, and changed whenever their rules differ from the document, also
 * when someone has changed them by hand. [docs/adr/0026]
 *
 * @param needed whether something is about to be launched into them, or instances exist already
 */
export function planSecurityGroups(
  plan: PlanBuilder,
  document: ClusterDocument,
  state: ClusterState,
  needed: boolean,
): void {
  const { securityGroups: groups } = state;
  if (!ownsGroups(document)) return;
  const common = { kind: 'security-group' as const, after: ['adopt', 'preflight'] };
  if (groups === null) {
    const both = groupRulesOf(document).some(({ of }) => of === 'agent');
    const title = `make the security ${both ? 'groups of servers and agents' : 'group of the servers'}`;
    if (needed)
      plan.add({ ...common, phase: 'Provisioning', title, reason: `the document names none${manyRules(document)}` });
    return;
  }
  if (isRefused(document, groups)) return;
  const difference = groupsDifferenceText(document, groups);
  const set = isSetFor(document, groups);
  const lacking = lacksAgentGroup(document, groups);
  if (difference === '' && set && !lacking) return;
  plan.add({
    ...common,
    // A change that no one has asked for is a repair, and reads like one.
    phase: state.initializedAt === null ? 'Provisioning' : set ? 'Configuring' : 'Updating',
    title: lacking
      ? 'make the security group of the agents'
      : difference
        ? `security groups: ${difference}`
        : 'compare the rules of the security groups',
    reason: set ? 'someone has changed the rules by hand' : `the document asks for these rules${manyRules(document)}`,
  });
}

/** Existing instances get and lose the document's further groups at once, without a restart. [docs: EC2 ModifyInstanceAttribute] */
export function planInstanceGroups(plan: PlanBuilder, document: ClusterDocument, state: ClusterState): void {
  for (const slot of Object.values(state.slots)) {
    const wanted = instanceGroups(document, state, slot.role);
    if (slot.instance === null || wanted === null) continue;
    // The groups of an adopted instance are unknown: Keelson sets them if the document names further groups.
    const isSet =
      slot.groups === null ? document.spec.network.extraSecurityGroupIds.length === 0 : sameGroups(slot.groups, wanted);
    if (isSet) continue;
    plan.add({
      kind: 'set-groups',
      slot: slot.name,
      phase: 'Updating',
      after: ['adopt', 'preflight', 'security-group'],
      title: `put ${slot.instance.id} into ${wanted.join(', ')}`,
      reason: 'the document names other groups',
    });
  }
}

const sameGroups = (a: readonly string[], b: readonly string[]): boolean =>
  [...a].sort().join() === [...b].sort().join();

function manyRules(document: ClusterDocument): string {
  const count = groupRulesOf(document).filter((rule) => rule.of === 'server').length;
  return count <= DEFAULT_QUOTA ? '' : `; ${count} rules need a higher quota than AWS's default of ${DEFAULT_QUOTA}`;
}
