import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node, type Pair } from 'yaml';

type Path = readonly (string | number)[];

// The last of several equal keys counts, as in yaml's value.

/**
 * Returns the offset of a violation in the text: the value if it is wrong, the key if it is unknown, the key of the holder if something is
 * missing.
 */
export function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const [depth, part] of path.entries()) {
    const holder = isAlias(node) ? node.resolve(document) : node;
    if (isSeq(holder)) {
      node = holder.items[Number(part)];
      offset = startOf(node) ?? offset;
    } else if (isMap(holder)) {
      const pair = holder.items.findLast((item) => keyText(item) === String(part));
      if (pair === undefined) return offset;
      const last = depth === path.length - 1;
      node = pair.value;
      const value = isEmpty(node) ? undefined : startOf(node);
      offset = (last && isScalarLike(node) ? value : undefined) ?? startOf(pair.key) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

/** Returns the offset of a key, for problems of the key itself. */
export function keyOffsetOf(document: Document, path: Path): number {
  const key = path.at(-1);
  let node: unknown = document.contents;
  for (const part of path.slice(0, -1)) {
    const holder = isAlias(node) ? node.resolve(document) : node;
    if (isMap(holder)) node = holder.items.findLast((item) => keyText(item) === String(part))?.value;
    else if (isSeq(holder)) node = holder.items[Number(part)];
  }
  const holder = isAlias(node) ? node.resolve(document) : node;
  const pair = isMap(holder) ? holder.items.findLast((item) => keyText(item) === String(key)) : undefined;
  return startOf(pair?.key) ?? offsetOf(document, path);
}

export function keyText(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

const startOf = (node: unknown): number | undefined => (isNode(node) ? (node as Node).range?.[0] : undefined);
const isScalarLike = (node: unknown): boolean => isScalar(node) || isAlias(node) || isSeq(node);
const isEmpty = (node: unknown): boolean => isScalar(node) && node.source === '';
