import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  setCurrentDetails,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { accountIdOf } from '../../../model/account-role.js';
import { conditionsOf } from '../../../model/checks.js';
import { setConditions } from '../../../model/conditions.js';
import { phaseOf } from '../../../model/phase-of.js';
import type { ClusterState, Condition } from '../../../model/state.js';
import { hasHealth, healthOf, type StatusView, statusOf } from '../../../model/status.js';
import { type Cluster, now, type StatusPublisher, type StatusWrite } from '../context.js';
import { createStatusWriter } from './file.js';
import { detailsOf } from './web-ui.js';

const ATTRIBUTES = {
  K3sPhase: defineSearchAttributeKey('K3sPhase', SearchAttributeType.KEYWORD),
  K3sRegion: defineSearchAttributeKey('K3sRegion', SearchAttributeType.KEYWORD),
  K3sVersion: defineSearchAttributeKey('K3sVersion', SearchAttributeType.KEYWORD),
  K3sHealth: defineSearchAttributeKey('K3sHealth', SearchAttributeType.KEYWORD),
  K3sAccount: defineSearchAttributeKey('K3sAccount', SearchAttributeType.KEYWORD),
} as const;

/**
 * Shows the state to people: conditions, current details, search attributes, memo, status.yaml. Details are free and follow each step; an
 * upsert is billed and adds an event, so it is sent only for what has changed. [docs: Temporal actions]
 */
export function createStatusPublisher(cluster: Pick<Cluster, 'state' | 'inbox'>): StatusPublisher {
  const writer = createStatusWriter(cluster, publish, latest);
  const shown: Partial<Record<keyof typeof ATTRIBUTES, string>> = {};
  let nodesShown = '';
  let pausedShown = false;
  let areDetailsDue = false;
  /** The state has changed since its conditions were judged. */
  let areConditionsDue = false;
  // The SDK asks conditions at the end of each activation, in which hundreds of steps may have begun and ended. This one stays open for ever.
  void CancellationScope.nonCancellable(() =>
    condition(() => {
      if (areDetailsDue) setCurrentDetails(detailsOf(view(), Date.now()));
      areDetailsDue = false;
      return false;
    }),
  );
  return { publish, view, flush: writer.flush, close: writer.close };

  function publish(how: StatusWrite = 'write'): void {
    const { state } = cluster;
    const { region, account, k3s } = state.document.spec;
    // Of 500 nodes that takes milliseconds, and each of a thousand steps begins and ends. While health does not follow from them, they are judged once for each write.
    areConditionsDue ||= how !== 'step-begins';
    if (hasHealth(state)) latest();
    areDetailsDue = true;
    const wanted = {
      K3sPhase: phaseOf(state),
      K3sRegion: region,
      K3sVersion: k3s.version,
      K3sHealth: healthOf(state),
      // Clusters in the worker's own account have none.
      K3sAccount: accountIdOf(account) ?? undefined,
    };
    const changed = (Object.keys(ATTRIBUTES) as (keyof typeof ATTRIBUTES)[]).filter(
      (name) => shown[name] !== wanted[name],
    );
    if (changed.length > 0) {
      upsertSearchAttributes(changed.map((name) => ({ key: ATTRIBUTES[name], value: wanted[name] ?? null })));
      Object.assign(shown, wanted);
    }
    if (state.operation === null) showNodes(statusOf(state));
    // No phase and no health says so, and `keelson list` asks no workflow.
    if (state.paused !== pausedShown) {
      upsertMemo({ paused: state.paused });
      pausedShown = state.paused;
    }
    // Until the workflow has claimed the name, status.yaml may belong to another workflow.
    if (state.adoption === 'unasked') return;
    if (how === 'write') writer.write();
    else if (how !== 'without-write') writer.amend();
  }

  /** Judges the conditions, if that is due: where a write, or the health, depends on them. */
  function latest(): ClusterState {
    if (areConditionsDue) cluster.state.conditions = judged(cluster.state);
    areConditionsDue = false;
    return cluster.state;
  }

  /**
   * The same for a reader. It leaves the state as it is: when someone reads depends on more than the history, and since when a condition holds must not.
   */
  function view(): StatusView {
    const { state } = cluster;
    return statusOf(areConditionsDue ? { ...state, conditions: judged(state) } : state);
  }

  function showNodes(status: StatusView): void {
    const nodes = `${status.nodes.filter((node) => node.ready === 'True').length}/${status.nodes.length}`;
    if (nodes === nodesShown) return;
    upsertMemo({ nodes, apiAddress: status.apiAddress, createdAt: status.createdAt });
    nodesShown = nodes;
  }
}

const judged = (state: ClusterState): Condition[] =>
  setConditions(state.conditions, conditionsOf(state, now()), now(), state.checkedAt);
