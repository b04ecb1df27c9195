import { yamlOf } from '../document/write.js';
import { printable, printableAll } from '../model/printable.js';
import type { CliError } from './exit.js';
import { type Colors, colorsFor, type Io } from './io.js';
import type { Failed } from './outputs.js';
import { fitted, type Screen, screenOf } from './screen.js';

export type Format = 'text' | 'wide' | 'name' | 'json' | 'yaml';
export const FORMATS: readonly Format[] = ['json', 'yaml'];

/** Returns whether people read the output. */
export const isText = (format: Format): boolean => format === 'text' || format === 'wide';

/** Version of every object for programs; an addition keeps it. [schema/output.schema.json] */
export const OUTPUT_SCHEMA_VERSION = 1;

/** Sessions that have printed their answer. */
const answered = new WeakSet<Io>();

/** Why a command has failed, for programs, if it has printed nothing else: stdout holds one object in any case. */
export function showFailure(io: Io, format: Format, { exitCode, message, hint, problems }: CliError): void {
  if ((format !== 'json' && format !== 'yaml') || answered.has(io)) return;
  const failed: Failed = { error: { exitCode, message, hint: hint, problems: [...problems] } };
  show(io, format, failed, () => '');
}

/**
 * Prints data to stdout: in the format of `-o`, else as text for people.
 *
 * @param text gets the data with every string printable: foreign text can neither move the cursor nor paint. On a terminal its lines break between
 *   words, but for `wide`
 */
export function show<T>(
  io: Io,
  format: Format,
  data: T,
  text: (colors: Colors, data: T, screen: Screen) => string,
): void {
  answered.add(io);
  if (format === 'json') io.stdout.write(`${printable(JSON.stringify(versioned(data), null, 2))}\n`);
  else if (format === 'yaml') io.stdout.write(yamlText(versioned(data)));
  else if (format === 'name')
    io.stdout.write(
      namesOf(data)
        .map((name) => `${printable(name)}\n`)
        .join(''),
    );
  else {
    const screen = screenOf(io.stdout, format === 'wide');
    io.stdout.write(
      painted(colorsFor(io, io.stdout), data, (colors, clean) => fitted(text(colors, clean, screen), screen)),
    );
  }
}

/** A list becomes an object, which can grow. */
function versioned(data: unknown): unknown {
  if (Array.isArray(data)) return { schemaVersion: OUTPUT_SCHEMA_VERSION, items: data };
  return typeof data === 'object' && data !== null && !('schemaVersion' in data) && !('apiVersion' in data)
    ? { schemaVersion: OUTPUT_SCHEMA_VERSION, ...data }
    : data;
}

/** With `-o name`: for a shell loop. */
function namesOf(data: unknown): string[] {
  const items: unknown[] = Array.isArray(data) ? data : [data];
  return items.flatMap((one) => {
    const { name, cluster } = (one ?? {}) as { name?: unknown; cluster?: unknown };
    const named = name ?? cluster;
    return typeof named === 'string' ? [named] : [];
  });
}

/** One object a line. */
export function showLine(io: Io, data: unknown): void {
  answered.add(io);
  // In JSON such a character stands in a string, where \uXXXX means the same.
  io.stdout.write(`${printable(JSON.stringify(versioned(data)))}\n`);
}

/** An entry of an unfinished YAML list. */
export function showEntry(io: Io, data: unknown): void {
  answered.add(io);
  io.stdout.write(yamlText([data]));
}

/** Prints to stderr for people, in colours. */
export function tell<T>(io: Io, data: T, text: (colors: Colors, data: T) => string): void {
  const screen = screenOf(io.stderr);
  io.stderr.write(painted(colorsFor(io, io.stderr), data, (colors, clean) => fitted(text(colors, clean), screen)));
}

/** Keelson's colours, as picocolors writes them: bold, dim, and eight foregrounds. */
const COLOR = new RegExp(`(${String.fromCharCode(27)}\\[(?:1|2|22|3[0-7]|39)m)`);

/** Last filter before a terminal: only Keelson's own colours pass, and none if colours are off. */
function painted<T>(colors: Colors, data: T, text: (colors: Colors, data: T) => string): string {
  const whole = text(colors, printableAll(data)).trimEnd();
  if (!colors.isColorSupported) return `${printable(whole)}\n`;
  const parts = whole.split(COLOR).map((part, index) => (index % 2 === 1 ? part : printable(part)));
  return `${parts.join('')}\n`;
}

/** Strings with such characters are in double quotes, in which \uXXXX means the same. */
const yamlText = (data: unknown): string => printable(yamlOf(data, (text) => printable(text) !== text));
