import { parseDocument } from '#src/model/spec/parse.js';
import type { ClusterDocument } from '#src/model/spec/schema.js';
import { type Violation, violationText } from '#src/model/spec/violation.js';

type Json = Record<string, unknown>;

/** The least that a document needs, with parts of its spec replaced. */
export function sample(spec: Json = {}, metadata: Json = {}): Json {
  return {
    apiVersion: 'keelson/v1',
    kind: 'Cluster',
    metadata: { name: 'demo', ...metadata },
    spec: {
      region: 'eu-west-1',
      mode: 'ha',
      servers: { instanceType: 't3.medium' },
      k3s: { version: 'v1.34.2+k3s1' },
      ...spec,
    },
  };
}

export const pool = (fields: Json = {}): Json => ({ name: 'workers', count: 2, instanceType: 't3.large', ...fields });

export function violationsOf(value: unknown): Violation[] {
  const parsed = parseDocument(value);
  return parsed.ok ? [] : parsed.violations;
}

export const textsOf = (value: unknown): string[] => violationsOf(value).map(violationText);

export function valid(spec: Json = {}, metadata: Json = {}): ClusterDocument {
  const parsed = parseDocument(sample(spec, metadata));
  if (!parsed.ok) throw new Error(parsed.violations.map(violationText).join('\n'));
  return parsed.document;
}
