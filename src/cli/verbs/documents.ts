import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { problemText, readDocument } from '../../document/read.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import { CliError, EXIT } from '../exit.js';
import { type Io, say } from '../io.js';

export interface LoadedDocument {
  text: string;
  /** What messages call the file. */
  file: string;
  document: ClusterDocument;
  /** What is right and perhaps not meant, each on a line. */
  warnings: string[];
}

/**
 * Reads a document from a file, or from stdin as `-`.
 *
 * @throws CliError `invalid` with every problem, each on a line
 */
export async function loadDocument(io: Io, file: string): Promise<LoadedDocument> {
  const content = await contentOf(io, file);
  const read = readDocument(content, shownName(file));
  if (!read.ok) throw new CliError(EXIT.invalid, read.problems.map(problemText).join('\n'));
  const { document, warnings } = read;
  return {
    text: new TextDecoder().decode(content),
    file: shownName(file),
    document,
    warnings: warnings.map(problemText),
  };
}

/** Tells the warnings on stderr, so that stdout holds the answer alone. */
export function sayWarnings(io: Io, warnings: readonly string[]): void {
  for (const warning of warnings) say(io, `warning: ${warning}`);
}

/** What messages call the file. */
export const shownName = (file: string): string => (file === '-' ? '<stdin>' : file);

async function contentOf(io: Io, file: string): Promise<Uint8Array> {
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
    throw new CliError(EXIT.invalid, `${file}: ${why}`, 'see examples/ for documents to start from', { cause: error });
  }
}
