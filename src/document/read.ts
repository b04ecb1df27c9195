import { type Document, isScalar, parseAllDocuments, visit } from 'yaml';
import { parseDocument } from '../model/spec/parse.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import type { Violation } from '../model/spec/violation.js';
import { decode } from './decode.js';
import { tooDeepAt } from './depth.js';
import { duplicateKeys } from './duplicates.js';
import { keyOffsetOf, offsetOf } from './locate.js';
import { byPosition, type Problem, positionOf } from './problem.js';

export { type Problem, problemText } from './problem.js';

type Locate = (offset: number) => { file: string; line: number; column: number };

export type ReadResult = { ok: true; document: ClusterDocument } | { ok: false; problems: Problem[] };

/** A document needs no aliases at all; a few are fine, a bomb is not. */
const MAX_ALIASES = 50;

/** One fault of syntax tends to bring others with it. */
const MAX_FAULTS = 5;

/**
 * Reads a cluster document from YAML or JSON text. Every problem that can be known without AWS is listed, with its place, in
 * the order of the text.
 *
 * @param content text, or the file's bytes
 * @param file name to show in problems; it is not opened
 */
export function readDocument(content: string | Uint8Array, file: string): ReadResult {
  const decoded = decode(content);
  if (!decoded.ok)
    return failed([{ file, line: 1, column: 1, path: [], message: decoded.message, remedy: decoded.remedy }]);
  const at: Locate = (offset) => ({ file, ...positionOf(decoded.text, offset) });
  const whole = (offset: number, message: string, remedy: string): ReadResult =>
    failed([{ ...at(offset), path: [], message, remedy }]);

  const deep = tooDeepAt(decoded.text);
  if (deep !== null) return whole(deep, 'is nested too deeply', 'a cluster document has a few levels');
  // Duplicate keys are looked for below: yaml's check takes quadratic time.
  const options = { prettyErrors: false, uniqueKeys: false, logLevel: 'error' } as const;
  const documents: Document[] = [...parseAllDocuments(decoded.text, options)];
  const faults = documents.flatMap((one) => [...one.errors, ...one.warnings]);
  if (faults.length > 0) {
    return failed(
      faults.slice(0, MAX_FAULTS).map((fault) => ({
        ...at(fault.pos[0]),
        path: [],
        message: `is not YAML: ${fault.message.split('\n')[0] ?? ''}`,
        remedy: 'see examples/ha.yaml',
      })),
    );
  }
  const filled = documents.filter((one) => !isBlank(one));
  const [document, second] = filled;
  if (document === undefined) return whole(0, 'is empty', 'see examples/ha.yaml');
  if (second !== undefined) {
    return whole(offsetOf(second, []), `is one of ${filled.length} documents in this file`, 'one document a file');
  }
  return readOne(document, at);
}

function readOne(document: Document, at: Locate): ReadResult {
  const problems: Problem[] = duplicateKeys(document).map(({ path, offset, firstOffset }) => ({
    ...at(offset),
    path,
    message: 'duplicate key',
    remedy: `it is in line ${at(firstOffset).line} already; keep one`,
  }));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
    JSON.stringify(value);
  } catch (error) {
    // ReferenceError: an alias without anchor or too many aliases; TypeError: an alias within itself.
    if (!(error instanceof ReferenceError || error instanceof TypeError)) throw error;
    const place = at(firstAlias(document));
    const message = 'has an alias without anchor, or aliases that grow without bound';
    return failed([...problems, { ...place, path: [], message, remedy: 'write it out without anchors' }]);
  }
  const parsed = parseDocument(value);
  if (!parsed.ok)
    problems.push(...parsed.violations.map((violation) => ({ ...at(placeOf(document, violation)), ...violation })));
  if (problems.length > 0) return failed(problems);
  return parsed.ok ? { ok: true, document: parsed.document } : failed(problems);
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

const failed = (problems: Problem[]): ReadResult => ({ ok: false, problems: problems.toSorted(byPosition) });
