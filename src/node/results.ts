/**
 * Everything that scripts report, by key: the allow-list of what leaves a node as a result. A key that is missing here is dropped, so that no script carries
 * a secret into the history by an oversight; a test holds it against the scripts.
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
  'founder',
  'gone',
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
export const RESULT_FAMILIES: readonly string[] = ['node', 'member', 'differs', 'count'];

/** Codes are names in errors and events, and choose what is done next. */
const CODE = /^[A-Z][A-Za-z]{1,60}$/;

/** Of a report's values those that scripts give. */
export function reported(result: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(result).filter(([key, value]) => {
      if (key === 'code') return CODE.test(value);
      return RESULT_KEYS.includes(key) || RESULT_FAMILIES.some((family) => key.startsWith(`${family}.`));
    }),
  );
}
