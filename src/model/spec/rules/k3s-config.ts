import { flagOf, isChecked, knowledgeOf } from '../../k3s/flag-of.js';
import { K3S_FLAGS, SHORT_FLAGS } from '../../k3s/flags.js';
import { baseKey, OWNED_KEYS, SECRET_KEYS } from '../../k3s/keys.js';
import { nearest } from '../nearest.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

/**
 * Checks keys of `k3s.config`: none that Keelson owns, no secrets, and only flags of this release of K3s. K3s skips an unknown key with a
 * warning in its log, so that a typing mistake has no effect and goes unnoticed. [k3s source: pkg/configfilearg/parser.go,
 * stripInvalidFlags]
 */
export const k3sConfig: Rule = ({ spec }) => {
  let suggestions = 0;
  const suggest = (key: string): string | null => {
    suggestions += 1;
    return suggestions > MOST_SUGGESTIONS ? null : nearest(key, FLAG_NAMES);
  };
  return Object.keys(spec.k3s.config).flatMap((key) => checkKey(key, spec.k3s.version, suggest));
};

/** Each suggestion compares a key with all flags. */
const MOST_SUGGESTIONS = 20;
const FLAG_NAMES = Object.keys(K3S_FLAGS);

type Suggest = (key: string) => string | null;

function checkKey(key: string, version: string, suggest: Suggest): Violation[] {
  const base = baseKey(key);
  const wrong = (message: string, hint: string): Violation[] => [
    { path: ['spec', 'k3s', 'config', key], message, hint, about: 'key' },
  ];
  const long = entry(SHORT_FLAGS, base);
  const owned = entry(OWNED_KEYS, long ?? base);
  if (owned !== undefined) return wrong('is set by Keelson', instead(owned));
  if (long !== undefined) return wrong(`is short for ${long}`, `write ${long}`);
  const secret = entry(SECRET_KEYS, base);
  if (secret !== undefined) return wrong('a secret does not belong into the document', secret);
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(base)) {
    const meant = hyphenated(base);
    const hint = flagOf(meant) === undefined ? 'write it as in `k3s server --help`, without the leading --' : '';
    return wrong('is not a K3s setting', hint === '' ? `did you mean ${meant}?` : hint);
  }
  const known = knowledgeOf(base, version);
  switch (known.is) {
    case 'removed':
      return wrong(
        `K3s has removed this flag in ${known.in}`,
        known.flag.useInstead === undefined ? 'leave it out' : instead(known.flag.useInstead),
      );
    case 'not-yet':
      return wrong(
        `K3s ${version} does not know this flag yet, and skips it`,
        known.since === null ? 'leave it out' : `use K3s ${known.since} or later, or leave it out`,
      );
    case 'unknown':
      return unknownKey(base, version, suggest, wrong);
    case 'known':
      if (key === base || known.flag.kind === 'list') return [];
      return wrong('takes one value, and a + adds to a list', `write ${base}`);
  }
}

/** A later release may have flags outside of the table; one near a flag of the table still counts as a mistake. */
function unknownKey(
  key: string,
  version: string,
  suggest: Suggest,
  wrong: (message: string, hint: string) => Violation[],
): Violation[] {
  const meant = suggest(key);
  if (meant !== null) return wrong('is not a K3s setting', `did you mean ${meant}?`);
  return isChecked(version)
    ? wrong(`is not a K3s setting: ${version} has no such flag, and skips it`, 'see `k3s server --help`')
    : [];
}

/** Returns `--disable`, `secretsEncryption` and `cluster_cidr` as K3s writes them. */
const hyphenated = (key: string): string =>
  key
    .slice(0, 64)
    .replace(/^-+/, '')
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();

const instead = (what: string): string => `use ${what}`.replace('use nothing: ', '');

function entry(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
