import { flagOf } from '../../k3s/flag-of.js';
import type { FlagKind } from '../../k3s/flags.js';
import { baseKey, OWNED_KEYS } from '../../k3s/keys.js';
import { isGoBoolean, isGoDuration } from '../quantity.js';
import { type Violation, valueText } from '../violation.js';
import { CHOICES } from './k3s-choices.js';
import type { Rule } from './rule.js';

type Value = string | number | boolean;

/**
 * Checks values of `k3s.config` that K3s's command line does not read as text. K3s makes `--key=value` of each line of its configuration
 * file, and exits at an unreadable one: `invalid boolean value "yes" for -etcd-s3: parse error`. [k3s source: pkg/configfilearg/parser.go;
 * urfave/cli]
 */
export const k3sValues: Rule = ({ spec }) =>
  Object.entries(spec.k3s.config).flatMap(([key, value]) => {
    const base = baseKey(key);
    const kind = flagOf(base)?.kind;
    if (kind === undefined || Object.hasOwn(OWNED_KEYS, base)) return [];
    return check(kind, value, ['spec', 'k3s', 'config', key], base);
  });

function check(kind: FlagKind, value: Value | Value[], path: string[], flag: string): Violation[] {
  if (kind === 'list') {
    const entries = Array.isArray(value) ? value : [value];
    return entries.flatMap((one, index) => {
      const at = Array.isArray(value) ? [...path, index] : path;
      return typeof one === 'boolean' || one === '' ? [wrong(at, one, 'text, or a list of texts')] : [];
    });
  }
  if (Array.isArray(value)) return [{ path, message: 'is a list', hint: `one value: ${WANTED[kind](flag)}` }];
  return READS[kind](value, flag) ? [] : [wrong(path, value, WANTED[kind](flag))];
}

const wrong = (path: (string | number)[], value: Value, hint: string): Violation => ({
  path,
  message: value === '' ? 'is empty' : `is ${valueText(value)}`,
  hint: value === '' ? `${hint}; or leave it out` : hint,
});

/** Sensible ranges, for values that K3s checks only later. */
const RANGES: Readonly<Record<string, [number, number]>> = {
  'lb-server-port': [1, 65535],
  'etcd-s3-retention': [0, 100_000],
  v: [0, 10],
};

function inRange(value: number, flag: string): boolean {
  const [least, most] = RANGES[flag] ?? [0, Number.MAX_SAFE_INTEGER];
  return Number.isInteger(value) && value >= least && value <= most;
}

const READS: Readonly<Record<Exclude<FlagKind, 'list'>, (value: Value, flag: string) => boolean>> = {
  flag: (value) => typeof value === 'boolean' || isGoBoolean(String(value)),
  number: (value, flag) =>
    typeof value !== 'boolean' && /^\d{1,15}$/.test(String(value)) && inRange(Number(value), flag),
  duration: (value) => typeof value !== 'boolean' && isGoDuration(String(value)),
  text: (value) => typeof value !== 'boolean' && value !== '',
};

const WANTED: Readonly<Record<Exclude<FlagKind, 'list'>, (flag: string) => string>> = {
  flag: () => 'true or false',
  number: (flag) =>
    Object.hasOwn(RANGES, flag) ? `a whole number from ${RANGES[flag]?.join(' to ')}` : 'a whole number',
  duration: () => 'a duration with its unit, for example 5m0s',
  text: (flag) => (Object.hasOwn(CHOICES, flag) ? `one of ${CHOICES[flag]?.words.join(', ')}` : 'text'),
};
