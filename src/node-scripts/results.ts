/**
 * Every key that scripts report: the allow-list of what leaves a node as a result. Other keys are dropped, so that no script carries a
 * secret into the history by mistake; a test compares the list with the scripts.
 */
export const RESULT_KEYS: readonly string[] = [
  'address',
  'altered',
  'api',
  'boot',
  'ca-earliest',
  'ca-hash',
  'cert-earliest',
  'changed',
  'checked',
  'clock',
  'code',
  'compression',
  'db-mib',
  'db-used-mib',
  'deleted',
  'disk-free-mib',
  'disk-used-percent',
  'drained',
  'earliest',
  'etcd',
  'etcd-alarm',
  'etcd-leader',
  'failing',
  'formatted',
  'bootstrap-server',
  'gone',
  'held',
  'labels',
  'left',
  'mounted',
  'node',
  'not-ok',
  'ready',
  'readyz',
  'reason',
  'rehearsed',
  'removed',
  'reset',
  'restarts',
  'restored',
  'rotated',
  'revision',
  'service',
  'sha256',
  'size',
  'snapshot',
  'started-with',
  'stopped',
  'token-version',
  'truncated',
  'uncordoned',
  'uninstalled',
  'version',
  'voters',
  'waited',
  'written',
];

/** Keys that end in a name: `node.<name>`. */
export const RESULT_FAMILIES: readonly string[] = ['node', 'member', 'differs', 'count', 'part'];

/** Codes are names in errors and events, and decide what happens next. */
const CODE = /^[A-Z][A-Za-z]{1,60}$/;

/** Keeps the values of a report that scripts give. */
export function reported(result: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(result).filter(([key, value]) => {
      if (key === 'code') return CODE.test(value);
      return RESULT_KEYS.includes(key) || RESULT_FAMILIES.some((family) => key.startsWith(`${family}.`));
    }),
  );
}
