import { slotsOf } from '../ids.js';
import type { VersionsInUse } from '../k3s/installed.js';
import type { ClusterDocument } from '../spec/schema.js';
import { pathText } from '../spec/violation.js';
import type { Change } from './change.js';
import { classifyChange } from './classify-change.js';
import { changedPaths } from './paths.js';

export type { Change, ChangeClass } from './change.js';

/**
 * Returns the differences between the document in force and a new one, each with its cost. Pools are compared by name, not by place. Empty
 * when both ask for the same.
 *
 * @param versions what nodes have had of K3s; null before any has
 */
export function diffDocuments(
  before: ClusterDocument,
  after: ClusterDocument,
  versions: VersionsInUse | null,
): Change[] {
  const changes = changedPaths(comparable(before), comparable(after)).map((change) => ({
    ...change,
    wayAround: '',
    ...classifyChange(change, after, versions),
  }));
  const [was, is] = [slotsOf(before).length, slotsOf(after).length];
  return was === is
    ? changes
    : changes.map((change) =>
        change.class === 'scale' ? { ...change, reason: `${change.reason}: ${was} -> ${is} nodes` } : change,
      );
}

/** Returns why the change as a whole is refused, one sentence for each impossible part; empty when it is allowed. */
export function refusalsOf(before: ClusterDocument, after: ClusterDocument, versions: VersionsInUse | null): string[] {
  return diffDocuments(before, after, versions)
    .filter((change) => change.class === 'recreate-refused')
    .map((change) => `${pathText(change.path)}: ${change.reason} (${change.wayAround})`);
}

/** Pools by name, so that another order is not a change. */
function comparable(document: ClusterDocument): unknown {
  const pools = Object.fromEntries(document.spec.pools.map((pool) => [pool.name, pool]));
  return { ...document, spec: { ...document.spec, pools } };
}
