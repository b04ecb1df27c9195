import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDocument } from '#src/model/spec/parse.js';
import { pathText, valueAt } from '#src/model/spec/violation.js';
import { sample } from './sample.js';

const label = fc.stringMatching(/^[a-z][a-z0-9]{0,7}$/);
const instanceType = fc.constantFrom('t3.medium', 'm6i.large', 't4g.small', 'u-6tb1.56xlarge', 'm7i-flex.large');

const pools = fc.uniqueArray(
  fc.record({
    name: label.filter((name) => name !== 'server'),
    count: fc.integer({ min: 0, max: 20 }),
    instanceType,
    labels: fc.dictionary(label, label, { maxKeys: 3 }),
    taints: fc.constantFrom([], ['dedicated=batch:NoSchedule'], ['spot:NoExecute']),
  }),
  { selector: (pool) => pool.name, maxLength: 4 },
);

const documents = fc
  .record(
    {
      mode: fc.constantFrom('ha', 'dev'),
      state: fc.constantFrom('running', 'stopped'),
      paused: fc.boolean(),
      pools,
      servers: fc.record({ instanceType, rootVolume: fc.record({ sizeGiB: fc.integer({ min: 8, max: 16384 }) }) }),
      health: fc.record({ gracePeriod: fc.constantFrom('90s', '5m', '1h'), autoRepair: fc.boolean() }),
      tags: fc.dictionary(label, label, { maxKeys: 5 }),
    },
    { requiredKeys: ['mode', 'servers'] },
  )
  .map((spec) => sample(spec));

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

describe('parseDocument', () => {
  it('takes valid documents, and takes its own result unchanged', () => {
    fc.assert(
      fc.property(documents, (value) => {
        // Act
        const once = parseDocument(value);
        const twice = once.ok ? parseDocument(JSON.parse(JSON.stringify(once.document))) : once;
        // Assess
        expect(once.ok).toBe(true);
        expect(twice).toEqual(once);
      }),
    );
  });

  it('never throws, and points into the value or to what its holder lacks', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('whole', 'spec', 'k3s', 'pools', 'tags'), (nonsense, place) => {
        // Prepare
        const value = {
          whole: nonsense,
          spec: { ...sample(), spec: nonsense },
          k3s: sample({ k3s: nonsense }),
          pools: sample({ pools: [nonsense] }),
          tags: sample({ tags: nonsense }),
        }[place];
        // Act
        const parsed = parseDocument(value);
        // Assess
        if (parsed.ok) return;
        expect(parsed.violations.length).toBeGreaterThan(0);
        for (const { path, message } of parsed.violations) {
          expect(message, pathText(path)).not.toBe('');
          expect(isObject(valueAt(value, path.slice(0, -1))) || path.length === 0).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('finds every broken field, however many are broken together', () => {
    // Prepare
    const breaks: Record<string, unknown> = {
      region: 'nowhere',
      mode: 'x',
      state: 'x',
      paused: 'x',
      pools: 'x',
      network: { publicIp: 1 },
      drift: 'x',
      tags: { 'aws:a': '1' },
      health: { gracePeriod: '1s' },
    };
    fc.assert(
      fc.property(fc.subarray(Object.keys(breaks), { minLength: 1 }), (keys) => {
        // Act
        const parsed = parseDocument(sample(Object.fromEntries(keys.map((key) => [key, breaks[key]]))));
        // Assess
        const found = parsed.ok ? [] : parsed.violations.map((violation) => String(violation.path[1]));
        expect(new Set(found)).toEqual(new Set(keys));
      }),
    );
  });
});
