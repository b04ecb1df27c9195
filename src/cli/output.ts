import { stringify } from 'yaml';
import { type Colors, colorsFor, type Io } from './io.js';

export type Format = 'text' | 'json' | 'yaml';
export const FORMATS: readonly Format[] = ['json', 'yaml'];

/** Data goes to stdout: as asked for by `-o`, else as text for people. */
export function show(io: Io, format: Format, data: unknown, text: (colors: Colors) => string): void {
  if (format === 'json') io.stdout.write(`${JSON.stringify(data, null, 2)}\n`);
  else if (format === 'yaml') io.stdout.write(stringify(data, { aliasDuplicateObjects: false, lineWidth: 0 }));
  else io.stdout.write(`${text(colorsFor(io, io.stdout)).trimEnd()}\n`);
}
