import { groupsDifferenceOf } from '../security-groups/of-instance.js';
import { groupsDifferenceText, isRefused, isSetFor, lacksAgentGroup } from '../security-groups/own-groups.js';
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

const REASON = {
  hand: 'someone has changed its groups by hand',
  document: 'the document names other groups',
  unknown: 'it is in other groups than the document names',
} as const;

/**
 * Plans that instances get and lose groups until they are in those of the document and no others, also when someone has changed them by hand: at once,
 * without a restart. [docs: EC2 ModifyInstanceAttribute; docs/adr/0093]
 */
export function planInstanceGroups(plan: PlanBuilder, document: ClusterDocument, state: ClusterState): void {
  for (const slot of Object.values(state.slots)) {
    const difference = groupsDifferenceOf(document, state, slot);
    if (slot.instance === null || difference === null || difference.refused !== null) continue;
    const { by, wanted, extra } = difference;
    plan.add({
      kind: 'set-groups',
      slot: slot.name,
      // A change that no one has asked for is a repair, and reads like one.
      phase: by === 'document' ? 'Updating' : 'Configuring',
      after: ['adopt', 'preflight', 'security-group'],
      title: `put ${slot.instance.id} into ${wanted.join(', ')}${extra.length === 0 ? '' : `, and out of ${extra.join(', ')}`}`,
      reason: REASON[by],
    });
  }
}

function manyRules(document: ClusterDocument): string {
  const count = groupRulesOf(document).filter((rule) => rule.of === 'server').length;
  return count <= DEFAULT_QUOTA ? '' : `; ${count} rules need a higher quota than AWS's default of ${DEFAULT_QUOTA}`;
}
