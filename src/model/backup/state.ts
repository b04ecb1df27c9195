/** What is carried of backups: of the newest one alone, however many there are. */
export interface BackupState {
  /** Someone has asked for one; the next step takes it. */
  asked: boolean;
  /** When the newest whole one was begun, ISO 8601. */
  at: string | null;
  id: string | null;
  /** What has replaced tokens, keys or data since: to restore it would undo that. Missing for nothing. */
  supersededBy?: 'restore' | 'rotation';
  /** Bytes of the compressed snapshot. */
  size: number | null;
  /** When one was tried last, ISO 8601. */
  triedAt: string | null;
  /** Tries in a row that have failed. */
  failures: number;
  /** Why the last try failed; null when it did not. */
  problem: { code: string; message: string; hint: string } | null;
}

export const noBackup = (): BackupState => ({
  asked: false,
  at: null,
  id: null,
  size: null,
  triedAt: null,
  failures: 0,
  problem: null,
});
