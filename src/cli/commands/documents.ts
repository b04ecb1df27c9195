import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { inlineFiles } from '../../document/inline-files.js';
import { byPosition } from '../../document/problem.js';
import { type Problem, problemText, readDocument } from '../../document/read.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import { CliError, EXIT } from '../exit.js';
import { type Io, say } from '../io.js';
import { invalidDocument } from '../problems.js';

export interface LoadedDocument {
  text: string;
  /** What messages call the file. */
  file: string;
  document: ClusterDocument;
  /** Valid settings that may be a mistake. */
  warnings: Problem[];
}

/**
 * Reads a document from a file, or from stdin as `-`.
 *
 * @throws CliError `invalid` with every problem, each on a line
 */
export async function loadDocument(io: Io, file: string): Promise<LoadedDocument> {
  const content = await contentOf(io, file);
  const folder = file === '-' ? io.cwd : dirname(resolve(io.cwd, file));
  const inlined = await inlineFiles(new TextDecoder().decode(content), shownName(file), (path) => textOf(folder, path));
  // Bytes that are not text are recognized before they are decoded.
  const read = readDocument(inlined.changed ? inlined.text : content, shownName(file));
  const problems = [
    ...inlined.problems,
    ...(read.ok ? [] : read.problems.filter((one) => !isAnswered(one, inlined.problems))),
  ];
  if (!read.ok || problems.length > 0) throw invalidDocument(problems.toSorted(byPosition));
  const { document, warnings } = read;
  return {
    text: inlined.text,
    file: shownName(file),
    document,
    warnings,
  };
}

/** A file that cannot be read is reported once. */
const isAnswered = ({ path }: Problem, answers: readonly Problem[]): boolean =>
  answers.some((one) => JSON.stringify(one.path) === JSON.stringify(path));

/** Returns a file that the document names, relative to the document. */
async function textOf(folder: string, path: string): Promise<{ text: string } | { why: string }> {
  try {
    const bytes = await readFile(resolve(folder, path));
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'is a folder' : 'cannot be read as text';
    return { why: `${path}: ${why}` };
  }
}

/** Prints the warnings to stderr, so that stdout holds the answer alone. */
export function sayWarnings(io: Io, warnings: readonly Problem[]): void {
  for (const warning of warnings) say(io, `warning: ${problemText(warning)}`);
}

/** Returns what messages call the file. */
export const shownName = (file: string): string => (file === '-' ? '<stdin>' : file);

/** @throws CliError `invalid` for an unreadable file */
export async function contentOf(io: Io, file: string): Promise<Uint8Array> {
  if (file === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of io.stdin) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks);
  }
  try {
    return await readFile(resolve(io.cwd, file));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'is a folder' : `cannot be read (${code})`;
    throw new CliError(EXIT.invalid, `${file}: ${why}`, 'keelson init NAME writes a document to start from', {
      cause: error,
    });
  }
}
