import { type Problem, problemText, readDocument } from '../../document/read.js';
import { CliError, EXIT } from '../exit.js';
import { type Format, isText, show } from '../output.js';
import type { Validated } from '../outputs.js';
import { problemView } from '../problems.js';
import type { Session } from '../session.js';
import { contentOf, sayWarnings, shownName } from './documents.js';

/** `keelson validate -f F...`: lists all problems of all files at once; needs neither Temporal nor AWS. */
export async function validate(
  { io }: Pick<Session, 'io'>,
  options: { file: string[]; output: Format },
): Promise<void> {
  const results: Validated[] = [];
  const [texts, warnings]: [string[], Problem[]] = [[], []];
  for (const path of options.file) {
    const file = shownName(path);
    try {
      const read = readDocument(await contentOf(io, path), file);
      if (read.ok) warnings.push(...read.warnings);
      else texts.push(...read.problems.map(problemText));
      const shown = (read.ok ? read.warnings : read.problems).map(problemView);
      results.push(
        read.ok
          ? { file, cluster: read.document.metadata.name, problems: [], warnings: shown }
          : { file, cluster: null, problems: shown, warnings: [] },
      );
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      texts.push(error.hint === '' ? error.message : `${error.message} (${error.hint})`);
      const problem = { line: null, column: null, path: '', message: error.message, hint: error.hint };
      results.push({ file, cluster: null, problems: [problem], warnings: [] });
    }
  }
  if (isText(options.output)) sayWarnings(io, warnings);
  else show(io, options.output, results, () => '');
  if (texts.length > 0) throw new CliError(EXIT.invalid, texts.join('\n'));
  if (isText(options.output))
    show(io, 'text', results, (_, seen) => seen.map((one) => `${one.file}: valid (${one.cluster})`).join('\n'));
}
