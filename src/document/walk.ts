import { isMap, isSeq, type Pair } from 'yaml';
import { keyText } from './locate.js';

/** Callbacks for each node of a document; `false` ends the walk. `path` changes during the walk: copy what you keep. */
export interface Visitor {
  node?(node: unknown, path: readonly (string | number)[]): boolean;
  /** Before the pair's value. `path` leads to the mapping. */
  pair?(pair: Pair, path: readonly (string | number)[], holder: object): boolean;
}

/** Walks through a document from its top. The library's `visit` and a new path for each node cost as much as the parser. [measured] */
export function walk(contents: unknown, visitor: Visitor): void {
  const path: (string | number)[] = [];
  const visit = (node: unknown): boolean => {
    if (visitor.node?.(node, path) === false) return false;
    if (isSeq(node))
      return node.items.every((item, index) => {
        path.push(index);
        const goOn = visit(item);
        path.pop();
        return goOn;
      });
    if (!isMap(node)) return true;
    return node.items.every((pair) => {
      if (visitor.pair?.(pair, path, node) === false) return false;
      path.push(keyText(pair));
      const goOn = visit(pair.value);
      path.pop();
      return goOn;
    });
  };
  visit(contents);
}
