import { Composer, type CST, type Document, Parser } from 'yaml';

/** Where the text breaks YAML's syntax, and how. */
export interface Fault {
  offset: number;
  message: string;
}

export interface Composed {
  documents: Document[];
  /** The first few; then reading stops. */
  faults: Fault[];
  /** The text has more documents than anyone puts in one file. */
  hasMore: boolean;
}

/** One syntax error tends to bring others with it. */
const MOST_FAULTS = 5;

const MOST_DOCUMENTS = 20;

/** Ends the composer within a document: it has no other way out. */
class EnoughFaults extends Error {
  override readonly name = 'EnoughFaults';
}

/**
 * Turns YAML text into documents and stops at the fifth syntax error, or at the twenty-first document. The library's own
 * `parseAllDocuments` makes an error of each of 5,000 faults and a document of each of 1,000 marks before it returns: 100 ms and more for 8
 * KB. [measured]
 *
 * @param tokens of a text whose nesting and number of tokens `weigh` has bounded
 */
export function compose(tokens: readonly string[]): Composed {
  const documents: Document[] = [];
  const faults: Fault[] = [];
  const report = (offset: number, message: string): void => {
    // The composer catches a scalar's exception and reports that as well.
    if (faults.length < MOST_FAULTS) faults.push({ offset, message: message.split('\n')[0] ?? '' });
    if (faults.length >= MOST_FAULTS) throw new EnoughFaults();
  };
  // Duplicate keys are looked for in keys.ts: the library's check takes quadratic time.
  const composer = new Composer({ uniqueKeys: false, logLevel: 'error' });
  // The library has no option for it. Without this line only the bound is lost, which test/unit/document/hostile.test.ts notices. [yaml
  // 2.9: Composer]
  Object.assign(composer, { onError: (at: Place, _code: string, message: string) => report(offsetOf(at), message) });
  let marks = 0;
  try {
    for (const token of parsed(tokens)) {
      if (token.type === 'document' || token.type === 'doc-end') marks += 1;
      if (marks > MOST_DOCUMENTS) return { documents, faults, hasMore: true };
      if (token.type === 'error') report(token.offset, `${token.message}: ${JSON.stringify(token.source)}`);
      else documents.push(...composer.next(token));
    }
    documents.push(...composer.end());
  } catch (error) {
    if (!(error instanceof EnoughFaults)) throw error;
  }
  const others = documents.flatMap((one) => [...one.errors, ...one.warnings]);
  for (const { pos, message } of others.slice(0, MOST_FAULTS - faults.length)) faults.push({ offset: pos[0], message });
  return { documents, faults, hasMore: false };
}

/** As `Parser.parse` does with its own lexer. */
function* parsed(tokens: readonly string[]): Generator<CST.Token, void> {
  const parser = new Parser();
  for (const token of tokens) yield* parser.next(token);
  yield* parser.end();
}

/** Target of the composer's position: an offset, a range, or a token. */
type Place = number | readonly [number, ...number[]] | { offset: number };

function offsetOf(place: Place): number {
  if (typeof place === 'number') return place;
  return 'offset' in place ? place.offset : place[0];
}
