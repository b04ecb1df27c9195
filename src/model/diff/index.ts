import { slotsOf } from '../ids.js';
import type { VersionsInUse } from '../k3s/installed.js';
import type { ClusterDocument } from '../spec/schema.js';
import { pathText } from '../spec/violation.js';
import { judge } from './judge.js';
import { changedPaths } from './paths.js';

/** What a change of the document costs. */
export type ChangeClass = 'nothing' | 'config-restart' | 'node' | 'scale' | 'recreate-refused';

export interface Change {
  path: (string | number)[];
  from: unknown;
  to: unknown;
  class: ChangeClass;
  /** What happens because of it, or why it cannot be. */
  reason: string;
  /** For a refused change: what to do instead. */
  wayAround: string;
}

/**
 * What differs between the document in force and the one that is asked for, each change with what it costs. Pools are
 * compared by name, not by place. Empty when both want the same.
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
    ...judge(change, after, versions),
  }));
  const [was, is] = [slotsOf(before).length, slotsOf(after).length];
  return was === is
    ? changes
    : changes.map((change) =>
        change.class === 'scale' ? { ...change, reason: `${change.reason}: ${was} -> ${is} nodes` } : change,
      );
}

/** Why the change is refused as a whole, one sentence for each part that cannot be changed; empty when it may be. */
export function refusalsOf(before: ClusterDocument, after: ClusterDocument, versions: VersionsInUse | null): string[] {
  return diffDocuments(before, after, versions)
    .filter((change) => change.class === 'recreate-refused')
    .map((change) => `${pathText(change.path)}: ${change.reason} (${change.wayAround})`);
}

/** With pools by name, so that another order is no change. */
function comparable(document: ClusterDocument): unknown {
  const pools = Object.fromEntries(document.spec.pools.map((pool) => [pool.name, pool]));
  return { ...document, spec: { ...document.spec, pools } };
}
