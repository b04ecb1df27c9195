import { type Document, isMap, isNode, isScalar, isSeq, type Node, visit } from 'yaml';
import { keyText } from './locate.js';

export interface Duplicate {
  path: (string | number)[];
  offset: number;
  firstOffset: number;
}

/**
 * Offset of the first key that is a list, a mapping or an alias, or null. yaml turns such a key into text, which doubles with each level of nesting:
 * 61 bytes make 1.4 GB. [yaml: addPairToJSMap]
 */
export function complexKeyAt(document: Document): number | null {
  let found: number | null = null;
  visit(document, {
    Pair(_key, { key }) {
      if (key === null || isScalar(key)) return undefined;
      found = isNode(key) ? ((key as Node).range?.[0] ?? 0) : 0;
      return visit.BREAK;
    },
  });
  return found;
}

/** Keys that a mapping has twice, the first `most` of them. In linear time, which yaml's own check is not. */
export function duplicateKeys(document: Document, most: number): Duplicate[] {
  const found: Duplicate[] = [];
  const search = (node: unknown, path: (string | number)[]): void => {
    if (isSeq(node)) for (const [index, item] of node.items.entries()) search(item, [...path, index]);
    if (!isMap(node)) return;
    const seen = new Map<string, number>();
    for (const pair of node.items) {
      if (found.length >= most) return;
      const key = keyText(pair);
      const at = [...path, key];
      const offset = isNode(pair.key) ? ((pair.key as Node).range?.[0] ?? 0) : 0;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, offset);
      else found.push({ path: at, offset, firstOffset: first });
      search(pair.value, at);
    }
  };
  search(document.contents, []);
  return found;
}
