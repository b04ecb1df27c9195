import { type Document, isNode, isScalar, type Node } from 'yaml';
import { keyText } from './locate.js';
import { walk } from './walk.js';

export interface Duplicate {
  path: (string | number)[];
  offset: number;
  firstOffset: number;
}

/**
 * Returns the offset of the first key that is a list, a mapping or an alias, or null. yaml turns such a key into text, which doubles with
 * each level of nesting: 61 bytes make 1.4 GB. [yaml: addPairToJSMap]
 */
export function complexKeyAt(document: Document): number | null {
  let found: number | null = null;
  walk(document.contents, {
    pair({ key }) {
      if (key === null || isScalar(key)) return true;
      found = startOf(key);
      return false;
    },
  });
  return found;
}

/** Returns the duplicate keys of mappings, the first `most` of them, in linear time, unlike yaml's own check. */
export function duplicateKeys(document: Document, most: number): Duplicate[] {
  const found: Duplicate[] = [];
  const seen = new Map<object, Map<string, number>>();
  walk(document.contents, {
    pair(pair, path, holder) {
      const keys = seen.get(holder) ?? new Map<string, number>();
      seen.set(holder, keys);
      const key = keyText(pair);
      const first = keys.get(key);
      const offset = startOf(pair.key);
      if (first === undefined) keys.set(key, offset);
      else found.push({ path: [...path, key], offset, firstOffset: first });
      return found.length < most;
    },
  });
  return found;
}

const startOf = (key: unknown): number => (isNode(key) ? ((key as Node).range?.[0] ?? 0) : 0);
