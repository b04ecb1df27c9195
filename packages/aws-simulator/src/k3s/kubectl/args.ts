/** kubectl's command line: verb, words, and flags with their values. */

/** Flags without a value; all others take the next word, unless it is attached with `=`. */
const BARE = new Set([
  'ignore-daemonsets',
  'delete-emptydir-data',
  'force',
  'overwrite',
  'no-headers',
  'ignore-not-found',
  'disable-eviction',
  'all',
  'A',
  'all-namespaces',
  'show-labels',
  'watch',
  'now',
]);
/** Flags with a default when they stand alone. */
const OPTIONAL = new Set(['wait', 'insecure-skip-tls-verify', 'dry-run']);

export interface KubectlArgs {
  verb: string;
  words: string[];
  flags: Map<string, string>;
}

export function parseArgs(args: string[]): KubectlArgs {
  const words: string[] = [];
  const flags = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? '';
    const match = /^--?([A-Za-z][a-z-]*)(?:=(.*))?$/s.exec(arg);
    if (!match?.[1]) words.push(arg);
    else if (match[2] !== undefined) flags.set(match[1], match[2]);
    else if (BARE.has(match[1]) || OPTIONAL.has(match[1])) flags.set(match[1], 'true');
    else flags.set(match[1], args[++i] ?? '');
  }
  const output = flags.get('o');
  if (output !== undefined) flags.set('output', output);
  return { verb: words.shift() ?? '', words, flags };
}

/** `30s`, `5m`, `1m30s`, `0`; milliseconds, 0 for no limit. */
export function goDuration(text: string): number {
  const scale: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
  let total = 0;
  for (const [, amount = '0', unit = 's'] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)?/g)) {
    total += Number(amount) * (scale[unit] ?? 0);
  }
  return total;
}
