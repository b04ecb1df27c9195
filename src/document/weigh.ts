import { Lexer } from 'yaml';

/** A text as JSON writes it: it cannot contain an error. Nor can a block scalar, which is text to its end. */
const FAULTLESS = /^"(?:[^"\\\n\r]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*"$/;

/** A cluster document has about six levels. The parser recurses, and a text nested thousands of times ends the process. */
const MAX_FLOW_DEPTH = 50;
const MAX_INDENT = 100;
const MAX_INDICATORS = 50;

/** Twenty pools with twenty labels and three taints each need 5,000. Parser and composer cost up to 10 microseconds a token when they are cold. [measured] */
const MAX_TOKENS = 8_000;

/** Longer than any value of a document. One scalar can hold a fault in every second character. */
const MAX_SCALAR = 8 * 1024;

/** A document needs no aliases at all; a few are fine. Each costs a walk through the whole document. [yaml: Alias.resolve] */
export const MAX_ALIASES = 50;

/** Problems of aliases without an anchor, or with too many. */
export const ALIASES = {
  message: 'has an alias without anchor, or aliases that grow without bound',
  hint: 'write it out without anchors',
};

/** What makes a text too costly to parse, and where. */
export interface Excess {
  offset: number;
  message: string;
  hint: string;
}

/**
 * Returns what makes YAML text costly to parse, or null. It reads tokens one by one without recursion and stops at the first excess, so
 * that the parser only sees text of bounded cost: nesting, number of tokens, length of a scalar, aliases, and keys after `?`, which yaml
 * turns into text that doubles at each level.
 *
 * @param mostTokens by default those of a cluster document
 */
export const excessIn = (text: string, mostTokens = MAX_TOKENS): Excess | null => weigh(text, mostTokens).excess;

/** Returns the same with the tokens, for `compose`: the lexer is a quarter of the cost. [measured] */
export function weigh(text: string, mostTokens = MAX_TOKENS): { excess: Excess | null; tokens: readonly string[] } {
  const read: string[] = [];
  return { excess: firstExcess(text, mostTokens, read), tokens: read };
}

function firstExcess(text: string, mostTokens: number, read: string[]): Excess | null {
  let [offset, lineStart, flow, indicators, tokens, aliases, firstAlias] = [0, 0, 0, 0, 0, 0, 0];
  let isBlock = false;
  for (const token of new Lexer().lex(text)) {
    const at = offset;
    const isMarker = MARKERS.has(token);
    const excess = (message: string, hint: string): Excess => ({ offset: at, message, hint });
    tokens += 1;
    read.push(token);
    if (token === '[' || token === '{') flow += 1;
    else if (token === ']' || token === '}') flow -= 1;
    else if (token === '-') indicators += 1;
    else if (token === '?') return excess('has a key after "?"', 'write it as `key: value`');
    else if (token.startsWith('*')) {
      aliases += 1;
      if (aliases === 1) firstAlias = offset;
    }
    const isContent = token.trim() !== '' && !isMarker;
    const tooDeep =
      flow > MAX_FLOW_DEPTH ||
      indicators > MAX_INDICATORS ||
      (isContent && flow === 0 && offset - lineStart > MAX_INDENT && isBlank(text, lineStart, offset));
    if (tooDeep) return excess('is nested too deeply', 'a cluster document has a few levels');
    if (tokens > mostTokens) return excess('has too many parts', `at most ${mostTokens} words and marks`);
    if (aliases > MAX_ALIASES) return { offset: firstAlias, ...ALIASES };
    if (isContent && token.length > MAX_SCALAR && !token.startsWith('#') && !(isBlock || FAULTLESS.test(token)))
      return excess(`has a value of ${token.length} characters`, `at most ${MAX_SCALAR}`);
    // The header of a block scalar stands before the scalar, with a mark and the end of the line between.
    if (/^[|>]/.test(token) && !isBlock) isBlock = true;
    else if (isContent) isBlock = false;
    if (!isMarker) offset += token.length;
    const newline = token.lastIndexOf('\n');
    if (newline >= 0 && !isMarker) {
      lineStart = offset - (token.length - newline - 1);
      indicators = 0;
    }
  }
  return null;
}

/** Tokens of the lexer without text: start of a document, of a flow error, of a scalar. [yaml: CST.tokenType] */
const MARKERS = new Set(['\u0002', '\u0018', '\u001f']);

const isBlank = (text: string, from: number, to: number): boolean => text.slice(from, to).trim() === '';
