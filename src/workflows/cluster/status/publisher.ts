import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import {
  CancellationScope,
  condition,
  setCurrentDetails,
  upsertMemo,
  upsertSearchAttributes,
} from '@temporalio/workflow';
import { conditionsOf } from '../../../model/checks.js';
import { setConditions } from '../../../model/conditions.js';
import { phaseOf } from '../../../model/phase-of.js';
import type { ClusterState } from '../../../model/state.js';
import { statusOf } from '../../../model/status.js';
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
  const writer = createStatusWriter(cluster, publish);
  const shown: Partial<Record<keyof typeof ATTRIBUTES, string>> = {};
  let nodesShown = '';
  let pausedShown = false;
  let areDetailsDue = false;
  // The SDK asks conditions at the end of each activation, in which hundreds of steps may have begun and ended. This one stays open for ever.
  void CancellationScope.nonCancellable(() =>
    condition(() => {
      if (areDetailsDue) setCurrentDetails(detailsOf(statusOf(cluster.state), Date.now()));
      areDetailsDue = false;
      return false;
    }),
  );
  return { publish, flush: writer.flush, close: writer.close };

  function publish(how: StatusWrite = 'write'): void {
    // Of 200 nodes they take some ten milliseconds, and twenty steps may begin at once.
    if (how !== 'step-begins') judge(cluster.state);
    const status = statusOf(cluster.state);
    areDetailsDue = true;
    const wanted = {
      K3sPhase: phaseOf(cluster.state),
      K3sRegion: status.region,
      K3sVersion: status.version,
      K3sHealth: status.health,
      // Clusters in the worker's own account have none.
      K3sAccount: status.account ?? undefined,
    };
    const changed = (Object.keys(ATTRIBUTES) as (keyof typeof ATTRIBUTES)[]).filter(
      (name) => shown[name] !== wanted[name],
    );
    if (changed.length > 0) {
      upsertSearchAttributes(changed.map((name) => ({ key: ATTRIBUTES[name], value: wanted[name] ?? null })));
      Object.assign(shown, wanted);
    }
    const nodes = `${status.nodes.filter((node) => node.ready === 'True').length}/${status.nodes.length}`;
    if (status.operation === null && nodes !== nodesShown) {
      upsertMemo({ nodes, apiAddress: status.apiAddress, createdAt: status.createdAt });
      nodesShown = nodes;
    }
    // No phase and no health says so, and `keelson list` asks no workflow.
    if (status.paused !== pausedShown) {
      upsertMemo({ paused: status.paused });
      pausedShown = status.paused;
    }
    // Until the workflow has claimed the name, status.yaml may belong to another workflow.
    if (cluster.state.adoption === 'unasked') return;
    if (how === 'write') writer.write(status);
    else if (how !== 'without-write') writer.amend(status);
  }
}

function judge(state: ClusterState): void {
  state.conditions = setConditions(state.conditions, conditionsOf(state, now()), now(), state.checkedAt);
}
