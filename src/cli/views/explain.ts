import { SUSPECTED } from '../../model/explain/cause.js';
import type { Explanation } from '../../model/explain/index.js';
import type { Colors } from '../io.js';
import { PLAIN, type Screen, wrapped } from '../screen.js';
import { age, duration, moment } from './time.js';

/** More of a failure's text, such as the lines of a job's log, is in `keelson history` and in `keelson logs`. */
const LINES = 8;

const LABEL = /^ {2}(?:since|Keelson|you|step) {2,}/;

type Step = Explanation['underWay'][number];

const WORDED: ReadonlySet<string> = new Set(['NoWorker', 'StepOverdue', SUSPECTED]);

/** Returns the cause on the first line; then since when, what Keelson does and when next, what a person can do; then the rest, folded. */
export function explanationText(one: Explanation, colors: Colors, now = Date.now(), screen: Screen = PLAIN): string {
  const { cause } = one;
  const [first = '', ...more] = cause.message.split('\n');
  // Most messages name the code themselves; these say it in words.
  const isSaid = cause.code === null || WORDED.has(cause.code) || first.includes(cause.code);
  const code = isSaid ? '' : `${cause.code}: `;
  const paint = cause.code === null ? (text: string) => text : colors.red;
  const lines = [`${colors.bold(one.cluster)} is ${one.phase}, ${one.health}: ${paint(`${code}${first}`)}`];
  for (const line of more.slice(-LINES)) lines.push(`    ${line}`);
  if (cause.since !== null) lines.push(`  since    ${moment(cause.since)} (${age(cause.since, now)} ago)`);
  lines.push(`  Keelson  ${cause.keelson}${next(cause.nextAt, now)}`);
  for (const hint of cause.hints.filter((text) => text !== '')) lines.push(`  you      ${hint}`);
  for (const step of one.underWay) lines.push(`  step     ${underWay(step, now)}`);
  if (one.waiting !== null) lines.push(...waitsFor(one.waiting, cause.message));
  for (const { condition, message, hint, folded } of one.failing) {
    const because = folded.length === 0 ? '' : `; because of it: ${folded.join(', ')}`;
    if (condition === cause.code) {
      if (folded.length > 0) lines.push(`  because of it fail: ${folded.join(', ')}`);
    } else lines.push(`  ${colors.yellow(condition)}: ${message}${hint === '' ? '' : ` -> ${hint}`}${because}`);
  }
  if (one.lastError !== null && one.lastError.code !== cause.code)
    lines.push(
      `  last error ${one.lastError.code} at ${moment(one.lastError.at)} in ${one.lastError.where}: ${one.lastError.message.split('\n')[0]}`,
    );
  if (one.unmeasured.length > 0) lines.push(colors.dim(`  not measured now: ${one.unmeasured.length} condition(s)`));
  // What follows a label stays beside it.
  return lines.map((line) => wrapped(line, screen.columns, LABEL.exec(line)?.[0].length)).join('\n');
}

/** Returns the line of the wait, without the cause where the wait quotes it. */
function waitsFor({ for: what, until }: NonNullable<Explanation['waiting']>, said: string): string[] {
  const brief = what.replace(`: ${said}`, '');
  if (brief === 'a person' || said.includes(brief)) return [];
  return [`  waits for ${brief}${until === null ? '' : `, until ${moment(until)}`}`];
}

function next(at: string | null, now: number): string {
  if (at === null) return '';
  const ms = Date.parse(at) - now;
  return ms <= 0 ? ', now' : `, next in ${duration(ms)} (${moment(at)})`;
}

function underWay({ slot, title, since, expectedSeconds, overdue, waits }: Step, now: number): string {
  const usual = `${overdue ? 'longer than' : 'usually within'} ${duration(expectedSeconds * 1_000)}`;
  return `${slot === null ? '' : `${slot}: `}${title}, for ${age(since, now)} (${usual})${waits === null ? '' : `: ${waits}`}`;
}
