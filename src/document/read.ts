import { type Document, isScalar, visit } from 'yaml';
import { visible } from '../model/invisible.js';
import { parseDocument } from '../model/spec/parse.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import type { Violation } from '../model/spec/violation.js';
import { warningsOf } from '../model/spec/warnings.js';
import { ambiguousNumbers } from './ambiguous.js';
import { compose } from './compose.js';
import { decode } from './decode.js';
import { embeddedViolations } from './embedded.js';
import { complexKeyAt, duplicateKeys } from './keys.js';
import { keyOffsetOf, offsetOf } from './locate.js';
import { byPosition, type Problem, positionsIn } from './problem.js';
import { ALIASES, MAX_ALIASES, weigh } from './weigh.js';

export { type Problem, problemText } from './problem.js';

type Locate = (offset: number) => { file: string; line: number; column: number };

export type ReadResult =
  | { ok: true; document: ClusterDocument; warnings: Problem[] }
  | { ok: false; problems: Problem[] };

/** As for other violations, no reader wants more. */
const MAX_DUPLICATES = 20;
const MAX_AMBIGUOUS = 20;

/**
 * Reads a cluster document from YAML or JSON text. It lists every problem that is visible without AWS, with its place, in the order of the
 * text. It never throws, and costs little whatever the text is: people put documents into the bucket, and every worker reads them.
 *
 * @param content text, or the file's bytes
 * @param file name to show in problems; it is not opened
 */
export function readDocument(content: string | Uint8Array, file: string): ReadResult {
  try {
    return readText(content, file);
  } catch (error) {
    // The parser's own faults, e.g. a RangeError; a worker that ended by it would pass the document to the next one.
    const message = `cannot be read: ${error instanceof Error ? visible(error.message.slice(0, 200)) : 'the parser failed'}`;
    return failed([{ file, line: 1, column: 1, path: [], message, hint: 'see examples/ha.yaml' }]);
  }
}

function readText(content: string | Uint8Array, file: string): ReadResult {
  const decoded = decode(content);
  if (!decoded.ok)
    return failed([
      {
        file,
        line: decoded.line ?? 1,
        column: decoded.column ?? 1,
        path: [],
        message: decoded.message,
        hint: decoded.hint,
      },
    ]);
  const positionOf = positionsIn(decoded.text);
  const at: Locate = (offset) => ({ file, ...positionOf(offset) });
  const whole = (offset: number, message: string, hint: string): ReadResult =>
    failed([{ ...at(offset), path: [], message, hint }]);

  const { excess, tokens } = weigh(decoded.text);
  if (excess !== null) return whole(excess.offset, excess.message, excess.hint);
  const { documents, faults, hasMore } = compose(tokens);
  if (faults.length > 0) {
    return failed(
      faults.map(({ offset, message }) => ({
        ...at(offset),
        path: [],
        message: `is not YAML: ${visible(message.slice(0, 200))}`,
        hint: 'see examples/ha.yaml',
      })),
    );
  }
  const filled = documents.filter((one) => !isBlank(one));
  const [document, second] = filled;
  if (second !== undefined || hasMore) {
    const count = hasMore ? 'more than 20' : filled.length;
    const place = second ?? document;
    const offset = place === undefined ? 0 : offsetOf(place, []);
    return whole(offset, `is one of ${count} documents in this file`, 'one document a file');
  }
  if (document === undefined) return whole(0, 'is empty', 'see examples/ha.yaml');
  const complex = complexKeyAt(document);
  if (complex !== null) return whole(complex, 'has a key that is not a word', 'write it as `key: value`');
  return readOne(document, at);
}

function readOne(document: Document, at: Locate): ReadResult {
  const problems: Problem[] = duplicateKeys(document, MAX_DUPLICATES).map(({ path, offset, firstOffset }) => ({
    ...at(offset),
    path,
    message: 'duplicate key',
    hint: `it is in line ${at(firstOffset).line} already; keep one`,
  }));
  const ambiguous = ambiguousNumbers(document, MAX_AMBIGUOUS).map(({ offset, ...violation }) => ({
    ...at(offset),
    ...violation,
  }));
  problems.push(...ambiguous);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
    JSON.stringify(value);
  } catch (error) {
    // ReferenceError: an alias without anchor or too many aliases; TypeError: an alias within itself.
    if (!(error instanceof ReferenceError || error instanceof TypeError)) throw error;
    const place = at(firstAlias(document));
    return failed([...problems, { ...place, path: [], ...ALIASES }]);
  }
  const parsed = parseDocument(value);
  if (!parsed.ok) {
    const others = parsed.violations.filter(({ path }) => !ambiguous.some((one) => samePath(one.path, path)));
    problems.push(...others.map((violation) => ({ ...at(placeOf(document, violation)), ...violation })));
  }
  if (problems.length > 0) return failed(problems);
  if (!parsed.ok) return failed(problems);
  const embedded = embeddedViolations(parsed.document);
  if (embedded.length > 0) return failed(embedded.map((one) => ({ ...at(placeOf(document, one)), ...one })));
  const warnings = warningsOf(parsed.document).map((one) => ({ ...at(placeOf(document, one)), ...one }));
  return { ok: true, document: parsed.document, warnings: warnings.toSorted(byPosition) };
}

/** Comments at most. */
const isBlank = ({ contents }: Document): boolean =>
  contents === null || (isScalar(contents) && contents.value === null && (contents.source ?? '') === '');

function firstAlias(document: Document): number {
  let offset = 0;
  visit(document, {
    Alias(_key, node) {
      offset = node.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return offset;
}

const placeOf = (document: Document, violation: Violation): number =>
  violation.about === 'key' ? keyOffsetOf(document, violation.path) : offsetOf(document, violation.path);

const samePath = (a: readonly (string | number)[], b: readonly (string | number)[]): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

const failed = (problems: Problem[]): ReadResult => ({ ok: false, problems: problems.toSorted(byPosition) });
