import type { Change } from '../../model/diff.js';
import { pathText } from '../../model/spec/violation.js';
import type { Colors } from '../io.js';
import { PLAIN, type Screen, wrapped } from '../screen.js';

/** Returns the document's diff: a line for each field, with what the change costs. */
export function changesText(changes: readonly Change[], colors: Colors, screen: Screen = PLAIN): string {
  if (changes.length === 0) return 'The document is the one in force.';
  const lines = changes.map(({ path, from, to, reason }) => {
    const name = pathText(path);
    const cost = reason === '' ? '' : colors.dim(`  # ${reason}`);
    if (from === undefined) return `${colors.green(`+ ${name}: ${valueText(to)}`)}${cost}`;
    if (to === undefined) return `${colors.red(`- ${name}: ${valueText(from)}`)}${cost}`;
    return `${colors.yellow(`~ ${name}: ${valueText(from)} -> ${valueText(to)}`)}${cost}`;
  });
  return ['Changes of the document:', ...lines.map((line) => wrapped(`  ${line}`, screen.columns))].join('\n');
}

const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
