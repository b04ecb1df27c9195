import { baseKey, KNOWN_KEYS, OWNED_KEYS, SECRET_KEYS } from '../../k3s/keys.js';
import { nearest } from '../nearest.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

/** Keys of `k3s.config`: none that Keelson owns, no secrets, and none that is a slip of the pen. */
export const k3sConfig: Rule = ({ spec }) => Object.keys(spec.k3s.config).flatMap(checkKey);

function checkKey(key: string): Violation[] {
  const base = baseKey(key);
  const wrong = (message: string, remedy: string): Violation[] => [
    { path: ['spec', 'k3s', 'config', key], message, remedy, about: 'key' },
  ];
  const owned = entry(OWNED_KEYS, base);
  if (owned !== undefined) return wrong('is set by Keelson', `use ${owned}`.replace('use nothing: ', ''));
  const secret = entry(SECRET_KEYS, base);
  if (secret !== undefined) return wrong('a secret does not belong into the document', secret);
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(base)) {
    return wrong('is not a K3s setting', 'write it as in `k3s server --help`, without the leading --');
  }
  if (KNOWN_KEYS.includes(base)) return [];
  const meant = nearest(base, KNOWN_KEYS);
  return meant === null ? [] : wrong('is not a K3s setting', `did you mean ${meant}?`);
}

function entry(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
