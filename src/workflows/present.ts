import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import { conditionsOf } from '../model/checks.js';
import { setConditions } from '../model/conditions.js';
import { phaseOf } from '../model/phase-of.js';
import { statusOf } from '../model/status.js';
import { type Cluster, now } from './cluster-context.js';
import { detailsOf } from './details.js';
import type { StatusWriter } from './status-writer.js';

const ATTRIBUTES = {
  K3sPhase: defineSearchAttributeKey('K3sPhase', SearchAttributeType.KEYWORD),
  K3sRegion: defineSearchAttributeKey('K3sRegion', SearchAttributeType.KEYWORD),
  K3sVersion: defineSearchAttributeKey('K3sVersion', SearchAttributeType.KEYWORD),
  K3sHealth: defineSearchAttributeKey('K3sHealth', SearchAttributeType.KEYWORD),
  K3sAccount: defineSearchAttributeKey('K3sAccount', SearchAttributeType.KEYWORD),
} as const;

/**
 * Shows the state to people: conditions, current details, search attributes, memo. Details are free and follow each step; an
 * upsert is billed and adds an event, so it is sent only for what has changed. [docs: Temporal actions]
 *
 * @returns a function to call after each change
 */
export function createPresenter(cluster: Cluster, writer: Pick<StatusWriter, 'touch' | 'glance'>): Cluster['present'] {
  const shown: Partial<Record<keyof typeof ATTRIBUTES, string>> = {};
  let nodesShown = '';
  return (how) => {
    cluster.state.conditions = setConditions(
      cluster.state.conditions,
      conditionsOf(cluster.state, now()),
      now(),
      cluster.state.checkedAt,
    );
    const status = statusOf(cluster.state);
    setCurrentDetails(detailsOf(status, Date.now()));
    const wanted = {
      K3sPhase: phaseOf(cluster.state),
      K3sRegion: status.region,
      K3sVersion: status.version,
      K3sHealth: status.health,
      // Those in the worker's own account have none.
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
    // Before the name is claimed status.yaml may be another workflow's.
    if (how !== 'unwritten' && cluster.state.adoption !== 'unasked') writer[how ?? 'touch'](status);
  };
}
