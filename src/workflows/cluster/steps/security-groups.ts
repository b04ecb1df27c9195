import { CancellationScope } from '@temporalio/workflow';
import { canAskAgain, goneOf } from '../../../model/launch-refused.js';
import type { Step } from '../../../model/plan/index.js';
import { differenceText } from '../../../model/security-groups/keys.js';
import { groupsDifferenceOf } from '../../../model/security-groups/of-instance.js';
import {
  groupIdsOf,
  instanceGroups,
  isSetFor,
  lacksAgentGroup,
  rulesFingerprint,
} from '../../../model/security-groups/own-groups.js';
import { groupRulesOf } from '../../../model/security-groups/rules.js';
import type { RefusedGroups } from '../../../model/state/groups.js';
import type { ClusterState, ErrorClass, ErrorRecord } from '../../../model/state.js';
import { activities } from '../../lib/activities.js';
import { classOf, detailOf, errorRecordOf } from '../../lib/errors.js';
import { type Cluster, callContext, emit, now, slotOf, waitingSince } from '../context.js';
import { askAgain, launchConfigOf } from './launch.js';

/** Refusals that only a person can resolve: a missing permission, the quota of the account, a rule that EC2 does not accept. */
const REFUSALS: readonly (ErrorClass | null)[] = ['auth', 'quota', 'invalid'];

const hasAgents = ({ slots }: ClusterState): boolean => Object.values(slots).some(({ role }) => role === 'agent');

/**
 * Puts the instance into the groups of the document, and out of all others. A refusal is told and tried again when a person has helped; it holds up
 * nothing else, because no one may have asked for the change.
 */
export async function setInstanceGroups(cluster: Cluster, step: Step): Promise<void> {
  const { state, inbox } = cluster;
  const slot = slotOf(cluster, step.slot);
  const groupIds = instanceGroups(state.document, state, slot.role);
  if (slot.instance === null || groupIds === null) return;
  const instanceId = slot.instance.id;
  const { breakerResets } = inbox;
  const byHand = groupsDifferenceOf(state.document, state, slot)?.by === 'hand';
  const { securityGroupIds = [], extraSecurityGroupIds } = state.document.spec.network;
  const named = [...securityGroupIds, ...extraSecurityGroupIds];
  try {
    const end = await CancellationScope.nonCancellable(() =>
      activities.setInstanceGroups(`${slot.name}: ${step.title}`, {
        ...callContext(cluster),
        instanceId,
        groupIds,
        named,
      }),
    );
    if (end === 'gone') {
      // The observation takes the loss over: what has no instance needs no groups.
      state.observeRequested = true;
      return;
    }
    slot.groups = groupIds;
    slot.givenGroups = { ids: groupIds, at: now() };
    noteRefusal(state, instanceId, null);
  } catch (error) {
    if (!REFUSALS.includes(classOf(error)) || inbox.breakerResets !== breakerResets) throw error;
    const record = noteInStep(cluster, error, step);
    noteRefusal(state, instanceId, { ids: groupIds, message: record.message });
    const what = byHand ? 'its groups were changed by hand and cannot be set again' : 'its groups cannot be set';
    emit(cluster, 'Warning', 'InstanceGroupsRefused', `${slot.name}: ${what}: ${record.message}`);
  }
}

/** Only refusals of instances that are there are kept. */
function noteRefusal(state: ClusterState, instanceId: string, refusal: RefusedGroups | null): void {
  const there = Object.values(state.slots).flatMap(({ instance }) => instance?.id ?? []);
  const { [instanceId]: _, ...others } = state.refusedGroups ?? {};
  const kept = Object.entries({ ...others, ...(refusal !== null && { [instanceId]: refusal }) });
  if (state.refusedGroups !== undefined || refusal !== null)
    state.refusedGroups = Object.fromEntries(kept.filter(([id]) => there.includes(id)));
}

/** Notes a refusal in the step and its operation, without a failure that would make everything else wait for the next try. */
function noteInStep(
  { state }: Cluster,
  error: unknown,
  { id, kind, slot }: Pick<Step, 'id' | 'kind' | 'slot'>,
): ErrorRecord {
  const record = errorRecordOf(error, { id, slot }, state.operation?.id ?? null, 1);
  const step = state.operation?.steps.findLast(
    (one) => one.kind === kind && one.slot === slot && one.outcome === 'running',
  );
  if (step !== undefined) step.error = record;
  return record;
}

/**
 * Makes the cluster's own groups, or sets their rules to those of the document. Keelson reports rules that AWS refuses and continues with
 * everything else: the operation of a change ends as failed, and what someone changed by hand stays until a person helps.
 */
export async function setSecurityGroups(cluster: Cluster): Promise<void> {
  const { state, inbox } = cluster;
  const { document } = state;
  const { breakerResets } = inbox;
  const before = state.securityGroups;
  const byHand = before !== null && isSetFor(document, before);
  const set = rulesFingerprint(document);
  try {
    const { groups, changed } = await CancellationScope.nonCancellable(() =>
      activities.ensureSecurityGroups(
        before === null || lacksAgentGroup(document, before)
          ? 'make the security groups'
          : 'set the rules of the security groups',
        {
          ...callContext(cluster),
          vpcId: launchConfigOf(cluster).vpcId,
          known: before === null ? null : groupIdsOf(before),
          // Agents keep their group when the last pool goes.
          rules: before?.agent || hasAgents(state) ? groupRulesOf(document, true) : groupRulesOf(document),
          tags: document.spec.tags,
          ...waitingSince(cluster),
        },
      ),
    );
    state.securityGroups = { server: groups.server, agent: groups.agent, setFor: set, refused: null };
    const what = differenceText(changed);
    if (before === null || what === '') return;
    if (byHand) emit(cluster, 'Warning', 'GroupRulesChanged', `rules were changed by hand, and are set again: ${what}`);
    else emit(cluster, 'Normal', 'GroupRulesChanged', what);
  } catch (error) {
    if (before === null && goneOf(detailOf(error)?.code) === 'vpc' && canAskAgain(state, 'vpc', now())) {
      emit(
        cluster,
        'Warning',
        'VpcGone',
        `${launchConfigOf(cluster).vpcId} does not exist any more: the default VPC is looked up again`,
      );
      return askAgain(cluster);
    }
    // A cluster cannot begin without its groups; a running one continues with its present rules. A request that wants another try at once may have come meanwhile.
    const isFinal = REFUSALS.includes(classOf(error)) && inbox.breakerResets === breakerResets;
    if (before === null || !isFinal) throw error;
    const record = noteInStep(cluster, error, { id: 'security-group', kind: 'security-group', slot: null });
    state.securityGroups = { ...before, refused: { for: set, message: record.message } };
    const what = byHand
      ? 'rules were changed by hand and cannot be set again'
      : 'the rules of the document cannot be set';
    emit(cluster, 'Warning', 'GroupRulesRefused', `${what}: ${record.message}`);
  }
}
