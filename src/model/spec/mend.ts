import type { Violation } from './violation.js';
import { valueAt } from './violation.js';

/** Stands in where a document is broken, so that the rules can look at the rest of it in the same run. */
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

/** The sample's value at a path; each entry of `pools` has a sample of its own, with a name that collides with no other. */
function sampleAt(path: readonly (string | number)[]): unknown {
  const [top, list, index] = path;
  if (top === 'spec' && list === 'pools' && typeof index === 'number') {
    return valueAt({ ...SAMPLE_POOL, name: `sample-${index}` }, path.slice(3));
  }
  return valueAt(SAMPLE, path);
}

/**
 * A copy of a broken document in which every place that is wrong is replaced: by the sample's value where it has one, else
 * by nothing. A list loses no entry, for that would shift the others: it goes as a whole.
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

/** Whether one path leads to, or through, the other. */
export function touches(a: readonly (string | number)[], b: readonly (string | number)[]): boolean {
  const length = Math.min(a.length, b.length);
  return a.slice(0, length).every((part, index) => part === b[index]);
}

function jsonCopy(value: unknown): unknown {
  return value === undefined ? undefined : (JSON.parse(JSON.stringify(value)) as unknown);
}
