import type { Violation } from './violation.js';
import { valueAt } from './violation.js';

/** Replaces broken parts of a document, so that the rules can check the rest in the same run. */
const SAMPLE = {
  apiVersion: 'keelson/v1',
  kind: 'Cluster',
  metadata: { name: 'sample' },
  spec: {
    region: 'eu-west-1',
    mode: 'ha',
    servers: { instanceType: 't3.medium' },
    k3s: { version: 'v1.34.2+k3s1' },
  },
};

const SAMPLE_POOL = { count: 0, instanceType: 't3.medium' };

/** Returns the sample's value at a path; each entry of `pools` has its own sample, with a name that collides with no other. */
function sampleAt(path: readonly (string | number)[]): unknown {
  const [top, list, index] = path;
  if (top === 'spec' && list === 'pools' && typeof index === 'number') {
    return valueAt({ ...SAMPLE_POOL, name: `sample-${index}` }, path.slice(3));
  }
  return valueAt(SAMPLE, path);
}

/**
 * Returns a copy of a broken document in which every wrong part is replaced: by the sample's value if there is one, else by nothing. A list
 * loses no entry, because that would shift the others: it goes as a whole.
 */
export function mend(value: unknown, violations: readonly Violation[]): unknown {
  let copy = jsonCopy(value);
  for (const { path } of violations) copy = replace(copy, path);
  return copy;
}

function replace(root: unknown, path: readonly (string | number)[]): unknown {
  const substitute = jsonCopy(sampleAt(path));
  const key = path.at(-1);
  if (key === undefined) return substitute;
  const above = path.slice(0, -1);
  const parent = valueAt(root, above);
  if (typeof parent !== 'object' || parent === null) return replace(root, above);
  if (substitute !== undefined) {
    (parent as Record<string | number, unknown>)[key] = substitute;
    return root;
  }
  if (Array.isArray(parent) || !Object.hasOwn(parent, key)) return replace(root, above);
  delete (parent as Record<string | number, unknown>)[key];
  return root;
}

/** Returns whether one path leads to, or through, the other. */
export function touches(a: readonly (string | number)[], b: readonly (string | number)[]): boolean {
  const length = Math.min(a.length, b.length);
  return a.slice(0, length).every((part, index) => part === b[index]);
}

function jsonCopy(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}
