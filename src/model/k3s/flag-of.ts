import { CHECKED_MINORS, K3S_FLAGS, type K3sFlag } from './flags.js';
import { parseVersion } from './version.js';

/** Whether a release of K3s knows a flag. */
export type Knowledge =
  | { is: 'known'; flag: K3sFlag }
  | { is: 'removed'; in: string; flag: K3sFlag }
  | { is: 'not-yet'; since: string | null; flag: K3sFlag }
  /** No release of the table has it. */
  | { is: 'unknown' };

export const flagOf = (name: string): K3sFlag | undefined =>
  Object.hasOwn(K3S_FLAGS, name) ? K3S_FLAGS[name] : undefined;

/**
 * Returns what a release knows of a flag, by the table of K3s's own releases.
 *
 * @param name without dashes and without `+`
 * @param version a K3s version; an unreadable one counts as the newest
 */
export function knowledgeOf(name: string, version: string): Knowledge {
  const flag = flagOf(name);
  if (flag === undefined) return { is: 'unknown' };
  const { minor, patch } = parseVersion(version) ?? { minor: CHECKED_MINORS.newest, patch: 0 };
  if (flag.until !== undefined && minor > flag.until) return { is: 'removed', in: `1.${flag.until + 1}`, flag };
  if (minor < CHECKED_MINORS.oldest || flag.since === undefined) return { is: 'known', flag };
  const arrivals = flag.since.map((text) => text.split('.').map(Number) as [number, number]);
  const here = arrivals.find(([of]) => of === minor);
  const latest = Math.max(...arrivals.map(([of]) => of));
  if (here === undefined ? minor > latest : patch >= here[1]) return { is: 'known', flag };
  return { is: 'not-yet', since: here === undefined ? null : `v1.${minor}.${here[1]}`, flag };
}

/** Returns whether the table is complete for a release: a flag outside of it then does not exist. */
export function isChecked(version: string): boolean {
  const minor = parseVersion(version)?.minor;
  return minor !== undefined && minor >= CHECKED_MINORS.oldest && minor <= CHECKED_MINORS.newest;
}
