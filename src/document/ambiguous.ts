import { type Document, isScalar } from 'yaml';
import type { Violation } from '../model/spec/violation.js';
import { walk } from './walk.js';

/**
 * Finds numbers with a leading zero: YAML 1.2 reads `010` as ten, and YAML 1.1, which many editors and tools use, as eight. The intent is
 * unknown, so the document is refused. Returns the first `most` of them, in linear time. [yaml.org: 1.2.2 section 10.3.2; 1.1 int type]
 */
export function ambiguousNumbers(document: Document, most: number): (Violation & { offset: number })[] {
  const found: (Violation & { offset: number })[] = [];
  walk(document.contents, {
    node(node, path) {
      if (!isScalar(node) || node.type !== 'PLAIN' || !/^[-+]?0\d+$/.test(node.source ?? '')) return true;
      const source = node.source ?? '';
      found.push({
        path: [...path],
        offset: node.range?.[0] ?? 0,
        message: `is ${source}, which some readers of YAML take for octal`,
        hint: `write ${Number(source)}, or "${source}" in quotes for text`,
      });
      return found.length < most;
    },
  });
  return found;
}
