import fc from 'fast-check';
import { parseDocument } from '#src/model/spec/parse.js';
import type { ClusterDocument } from '#src/model/spec/schema.js';

export interface Shape {
  mode: 'dev' | 'ha';
  type: string;
  version: string;
  disable: string[];
  pools: { name: string; count: number; type: string }[];
  state: 'running' | 'stopped';
}

/** A document of the given shape, through the parser that people's documents go through. */
export function documentOf(shape: Partial<Shape> = {}): ClusterDocument {
  const full: Shape = {
    mode: 'ha',
    type: 't3.medium',
    version: 'v1.34.1+k3s1',
    disable: [],
    pools: [],
    state: 'running',
    ...shape,
  };
  const parsed = parseDocument({
    apiVersion: 'keelson/v1',
    kind: 'Cluster',
    metadata: { name: 'demo' },
    spec: {
      region: 'eu-west-1',
      mode: full.mode,
      state: full.state,
      servers: { instanceType: full.type },
      pools: full.pools.map((pool) => ({ name: pool.name, count: pool.count, instanceType: pool.type })),
      k3s: { version: full.version, config: { disable: full.disable } },
    },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.violations));
  return parsed.document;
}

const types = fc.constantFrom('t3.medium', 't3.large', 'm6i.large');

export const shapes: fc.Arbitrary<Shape> = fc.record({
  mode: fc.constantFrom('dev' as const, 'ha' as const),
  type: types,
  version: fc.constantFrom('v1.34.1+k3s1', 'v1.34.2+k3s1'),
  disable: fc.constantFrom<string[]>([], ['traefik'], ['traefik', 'servicelb']),
  pools: fc.uniqueArray(
    fc.record({ name: fc.constantFrom('workers', 'gpu'), count: fc.integer({ min: 0, max: 3 }), type: types }),
    {
      selector: (pool) => pool.name,
      maxLength: 2,
    },
  ),
  state: fc.constantFrom('running' as const, 'running' as const, 'stopped' as const),
});
