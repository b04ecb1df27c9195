import type { ClusterDocument } from '../spec/schema.js';

const DAY_MS = 86_400_000;
/** Of a document without `spec.backup`; its backups were asked for by hand. */
export const KEEP_AFTER_DELETE = '30d';

/** Of the workflow that deletes the backups of one life of a name, when their time has come. */
export const keptBackupsIdOf = (cluster: string, uid: string): string => `kept-backups/${cluster}/${uid}`;

/** Until when the backups of a cluster outlive its delete, ISO 8601. */
export function keptUntil({ spec }: ClusterDocument, deletedAt: string): string {
  const days = Number.parseInt(spec.backup?.keepAfterDelete ?? KEEP_AFTER_DELETE, 10);
  return new Date(Date.parse(deletedAt) + days * DAY_MS).toISOString();
}
