import { KEEP_AFTER_DELETE } from '../spec/parts/upkeep.js';
import type { ClusterDocument } from '../spec/schema.js';

const DAY_MS = 86_400_000;

/** Returns the id of the workflow that deletes the backups of a deleted cluster when their time has come. */
export const keptBackupsIdOf = (cluster: string, uid: string): string => `kept-backups/${cluster}/${uid}`;

/** Returns until when the backups of a cluster outlive its delete, ISO 8601. */
export function keptUntil({ spec }: ClusterDocument, deletedAt: string): string {
  const days = Number.parseInt(spec.backup?.keepAfterDelete ?? KEEP_AFTER_DELETE, 10);
  return new Date(Date.parse(deletedAt) + days * DAY_MS).toISOString();
}
