import { Lexer } from 'yaml';

/** A cluster document has about six levels. The parser recurses, and one that is nested thousands of times ends the process. */
const MAX_FLOW_DEPTH = 50;
const MAX_INDENT = 100;
const MAX_INDICATORS = 50;

/**
 * Offset at which YAML text becomes nested too deeply, or null. Looks at tokens only, without recursion: brackets that are
 * open, columns of indentation, and the `- - -` and `? ? ?` of one line, which each open a level too.
 */
export function tooDeepAt(text: string): number | null {
  let [offset, lineStart, flow, indicators] = [0, 0, 0, 0];
  for (const token of new Lexer().lex(text)) {
    if (token === '[' || token === '{') flow += 1;
    else if (token === ']' || token === '}') flow -= 1;
    else if (token === '-' || token === '?') indicators += 1;
    const isContent = token.trim() !== '' && !MARKERS.has(token);
    if (flow > MAX_FLOW_DEPTH || indicators > MAX_INDICATORS) return offset;
    if (isContent && flow === 0 && offset - lineStart > MAX_INDENT && isIndent(text, lineStart, offset)) return offset;
    if (!MARKERS.has(token)) offset += token.length;
    const newline = token.lastIndexOf('\n');
    if (newline >= 0 && !MARKERS.has(token)) {
      lineStart = offset - (token.length - newline - 1);
      indicators = 0;
    }
  }
  return null;
}

/** Tokens of the lexer that stand for no text: start of a document, of a flow error, of a scalar. [yaml: CST.tokenType] */
const MARKERS = new Set(['\u0002', '\u0018', '\u001f']);

const isIndent = (text: string, from: number, to: number): boolean => text.slice(from, to).trim() === '';
