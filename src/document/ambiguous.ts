import { type Document, isMap, isScalar, isSeq } from 'yaml';
import type { Violation } from '../model/spec/violation.js';
import { keyText } from './locate.js';

/**
 * Numbers with a leading zero: YAML 1.2 reads `010` as ten, and YAML 1.1, which many editors and tools speak, as eight. What a
 * person meant by it is not known, so it is not taken. In linear time. [yaml.org: 1.2.2 section 10.3.2; 1.1 int type]
 */
export function ambiguousNumbers(document: Document): (Violation & { offset: number })[] {
  const found: (Violation & { offset: number })[] = [];
  const visit = (node: unknown, path: (string | number)[]): void => {
    if (isSeq(node)) for (const [index, item] of node.items.entries()) visit(item, [...path, index]);
    if (isMap(node)) for (const pair of node.items) visit(pair.value, [...path, keyText(pair)]);
    if (!isScalar(node) || node.type !== 'PLAIN' || !/^[-+]?0\d+$/.test(node.source ?? '')) return;
    const source = node.source ?? '';
    found.push({
      path,
      offset: node.range?.[0] ?? 0,
      message: `is ${source}, which some readers of YAML take for octal`,
      remedy: `write ${Number(source)}, or "${source}" in quotes for text`,
    });
  };
  visit(document.contents, []);
  return found;
}
