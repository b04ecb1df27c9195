import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { jsonSchema } from '#src/model/spec/json-schema.js';

type Node = { description?: string; properties?: Record<string, Node>; items?: Node; anyOf?: Node[] };

function undescribed(node: Node, path: string): string[] {
  const children = Object.entries(node.properties ?? {});
  return [
    ...(node.description === undefined ? [path] : []),
    ...children.flatMap(([key, child]) => undescribed(child, `${path}.${key}`)),
    ...(node.items?.properties ? undescribed(node.items, `${path}[]`) : []),
  ];
}

describe('JSON Schema', () => {
  it('is up to date in schema/ (else: npm run schema)', () => {
    const stored: unknown = JSON.parse(readFileSync('schema/cluster.schema.json', 'utf8'));
    expect(stored).toEqual(JSON.parse(JSON.stringify(jsonSchema())));
  });

  it('describes every field', () => {
    expect(undescribed(jsonSchema() as Node, 'document')).toEqual([]);
  });
});
