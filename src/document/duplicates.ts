import { type Document, isMap, isNode, isSeq, type Node } from 'yaml';
import { keyText } from './locate.js';

export interface Duplicate {
  path: (string | number)[];
  offset: number;
  firstOffset: number;
}

/** Keys that a mapping has twice. In linear time, which yaml's own check is not. */
export function duplicateKeys(document: Document): Duplicate[] {
  const found: Duplicate[] = [];
  const visit = (node: unknown, path: (string | number)[]): void => {
    if (isSeq(node)) for (const [index, item] of node.items.entries()) visit(item, [...path, index]);
    if (!isMap(node)) return;
    const seen = new Map<string, number>();
    for (const pair of node.items) {
      const key = keyText(pair);
      const at = [...path, key];
      const offset = isNode(pair.key) ? ((pair.key as Node).range?.[0] ?? 0) : 0;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, offset);
      else found.push({ path: at, offset, firstOffset: first });
      visit(pair.value, at);
    }
  };
  visit(document.contents, []);
  return found;
}
