import { CliError, EXIT } from '../exit.js';
import { type Format, show } from '../output.js';
import type { Session } from '../session.js';
import { loadDocument, sayWarnings, shownName } from './documents.js';

/** `keelson validate -f F...`: all problems of all files at once; needs neither Temporal nor AWS. */
export async function validate({ io }: Session, options: { file: string[]; output: Format }): Promise<void> {
  const results: { file: string; cluster: string | null; problems: string[]; warnings: string[] }[] = [];
  for (const path of options.file) {
    const file = shownName(path);
    try {
      const { document, warnings } = await loadDocument(io, path);
      results.push({ file, cluster: document.metadata.name, problems: [], warnings });
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      results.push({ file, cluster: null, problems: problemsOf(error), warnings: [] });
    }
  }
  const problems = results.flatMap((one) => one.problems);
  if (options.output === 'text')
    sayWarnings(
      io,
      results.flatMap((one) => one.warnings),
    );
  else show(io, options.output, results, () => '');
  if (problems.length > 0) throw new CliError(EXIT.invalid, problems.join('\n'));
  if (options.output === 'text')
    show(io, 'text', results, (_, seen) => seen.map((one) => `${one.file}: valid (${one.cluster})`).join('\n'));
}

const problemsOf = ({ message, remedy }: CliError): string[] =>
  (remedy === '' ? message : `${message} (${remedy})`).split('\n');
