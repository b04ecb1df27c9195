import type { ClusterState } from '../state.js';

/** Returns why a restore that is not done keeps other work away; null without one. */
export function restoreInTheWay({ restore, document }: Pick<ClusterState, 'restore' | 'document'>): string | null {
  const { name } = document.metadata;
  if (restore === null) return null;
  return restore.failed === null
    ? `a restore of ${name} is under way: wait for its end`
    : `the restore of ${name} has failed (${restore.failed.code}): ${restore.failed.hint}`;
}
