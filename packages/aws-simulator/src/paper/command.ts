/**
 * Reads the text of an SSM command as Keelson sends it, without a shell: the job that it carries, or the question of the region watch. The simulator shares
 * no code with what writes these texts, so the format is read here a second time; a test holds both against each other.
 */
import { kindOf, type PaperKind } from './kinds.js';

export interface PaperJob {
  id: string;
  /** Jobs of one lock run one after the other; empty: beside all others. */
  lock: string;
  timeoutSeconds: number;
  urls: 'none' | 'wanted' | 'sealed';
  /** URLs, sealed to the key of the node; empty for none. */
  sealed: string;
  /** Null: a script that paper does not know. */
  kind: PaperKind | null;
  params: Readonly<Record<string, string>>;
}

const PROBE = '#!/bin/sh\n# Keelson: is K3s well?\n';

/** @returns null for a text that is none of Keelson's */
export function readCommand(text: string): PaperJob | 'health-probe' | null {
  if (text.startsWith(PROBE)) return 'health-probe';
  if (!text.startsWith('#!/bin/sh\n# Keelson: job ')) return null;
  const runner = hereDocument(text, 'exec bash -s');
  const script = runner && hereDocument(runner, 'job_script() {\ncat');
  if (!runner || !script) return null;
  const variables = assignmentsOf(runner).values;
  const { values, rest } = assignmentsOf(script);
  const urls = variables['JOB_URLS'];
  return {
    id: variables['JOB_ID'] ?? '',
    lock: variables['JOB_LOCK'] ?? '',
    timeoutSeconds: Number(variables['JOB_TIMEOUT']),
    urls: urls === 'sealed' || urls === 'wanted' ? urls : 'none',
    sealed: hereDocument(runner, 'job_sealed() {\ncat') ?? '',
    kind: kindOf(rest),
    params: values,
  };
}

/** The variables that user data begins with; null where it is none of Keelson's. */
export function readUserData(text: string): Record<string, string> | null {
  const head = /^#!\/bin\/bash\n# Keelson: (?:fetches|founds a cluster with) K3s [^\n]*\n/.exec(text)?.[0];
  return head === undefined ? null : assignmentsOf(text.slice(head.length)).values;
}

/** What stands between `<command> <<'WORD'` and WORD. */
function hereDocument(text: string, command: string): string | null {
  const begin = `${command} <<'`;
  const at = text.indexOf(begin);
  if (at < 0) return null;
  const end = text.indexOf("'\n", at + begin.length);
  const word = text.slice(at + begin.length, end);
  const last = text.indexOf(`${word}\n`, end + 2);
  return last < 0 ? null : text.slice(end + 2, last);
}

/** `NAME='value'` lines at the beginning, and what follows them. */
function assignmentsOf(text: string): { values: Record<string, string>; rest: string } {
  const line = /([A-Z][A-Z0-9_]*)='((?:[^']+|'\\'')*)'\n/y;
  const values: Record<string, string> = {};
  let end = 0;
  for (let match = line.exec(text); match !== null; match = line.exec(text)) {
    values[match[1] ?? ''] = (match[2] ?? '').replaceAll("'\\''", "'");
    end = line.lastIndex;
  }
  return { values, rest: text.slice(end) };
}
