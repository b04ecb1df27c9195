import { describe, expect, it } from 'vitest';
import { type Problem, problemText, readDocument } from '#src/document/read.js';
import { boundViolations } from '#src/model/spec/bounds.js';
import { parseDocument } from '#src/model/spec/parse.js';
import { violationText } from '#src/model/spec/violation.js';
import { filled } from '../../support/hostile/filled.js';
import { wide } from '../../support/hostile/inputs.js';

const GOOD = `apiVersion: keelson/v1
kind: Cluster
metadata: { name: demo }
spec:
  region: eu-west-1
  mode: ha
  servers: { instanceType: t3.medium }
  k3s: { version: v1.34.2+k3s1 }
`;

/** Texts of at most 256 KiB that a parser may choke on, and the start of the first problem. What they cost is in test/unit/trust/cost.test.ts. */
const HOSTILE: [string, string, RegExp][] = [
  ['keys in keys, 61 bytes', `${'? '.repeat(30)}a`, /^F:1:1: document: has a key after "\?"/],
  ['braces as keys', '{'.repeat(30) + '}'.repeat(30), /^F:1:2: document: has a key that is not a word/],
  ['lists as keys', `${'['.repeat(12)}${']: a'.repeat(12)}`, /^F:1:\d+: document: (has a key that is not|is not YAML)/],
  ['an alias as a key', 'a: &a {x: 1}\nb: {*a : 1}\n', /^F:2:5: document: has a key that is not a word/],
  ['question marks by the line', filled('?\n'), /^F:1:1: document: has a key after "\?"/],
  ['one key again and again', filled('a: 1\n'), /document: has too many parts/],
  ['one key again and again, within the bounds', 'a: 1\n'.repeat(1_100), /is missing/],
  ['unknown keys', wide((i) => `k${i}: 1\n`), /document: has too many parts/],
  ['unknown keys, within the bounds', Array.from({ length: 450 }, (_, i) => `k${i}: 1`).join('\n'), /is missing/],
  [
    'K3s settings with a slip of the pen',
    wide((i) => `kubelet-arh${i}: 1, `, `${GOOD.slice(0, -3)}, config: {`, '} }\n'),
    /too many parts/,
  ],
  ['names of the API', wide((i) => `a${i}, `, `${GOOD}  access:\n    extraSans: [`, ']\n'), /too many parts/],
  ['commas in a list', filled(',', '[', ']'), /document: has too many parts/],
  ['entries of a list', filled('- \n'), /document: has too many parts/],
  ['comments', filled('#\n'), /document: has too many parts/],
  ['empty lines', filled('\n'), /document: has too many parts/],
  ['documents', filled('--- a\n'), /document: has too many parts/],
  ['anchors', wide((i) => `- &a${i} x\n`), /document: has too many parts/],
  ['aliases', filled('- *a\n', '- &a x\n'), /document: has an alias without anchor, or aliases that grow/],
  [
    'a bomb of one long text',
    `a: &a "${'x'.repeat(200_000)}"\nb: [${'*a,'.repeat(45)}]`,
    /has a value of 200002 characters|has too much text/,
  ],
  ['tags', filled('- !!x y\n'), /document: has too many parts/],
  ['a long scalar', filled('x', 'a: '), /^F:1:4: document: has a value of \d+ characters \(at most 8192\)/],
  ['escapes that do not exist', filled('\\q', '"', '"'), /document: has a value of \d+ characters/],
  ['a fault at each word', '"\\q"'.repeat(4_000), /document: is not YAML: Invalid escape/],
  ['a block of empty lines', filled('\n', 'a: |\n'), /document: has too many parts/],
  ['brackets that close nothing', filled('[}'), /document: (has too many parts|is nested too deeply)/],
  ['colons', filled(': '), /document: has too many parts/],
];

const problemsOf = (text: string): Problem[] => {
  const read = readDocument(text, 'F');
  return read.ok ? [] : read.problems;
};

describe('readDocument and hostile text', () => {
  it.each(HOSTILE)('refuses %s', (_what, text, expected) => {
    // Act
    const problems = problemsOf(text);
    // Assess
    expect(problems[0] === undefined ? '' : problemText(problems[0])).toMatch(expected);
    expect(problems.length).toBeLessThanOrEqual(125);
  });

  it('names at most five faults of syntax, each with its words, and stops there', () => {
    // Prepare
    const texts = ['"\\q"\n', '- @\n', '01\n!<x> [a]:  '].map((part) => part.repeat(700));
    // Act
    const found = texts.map(problemsOf);
    // Assess
    for (const problems of found) {
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.length).toBeLessThanOrEqual(5);
      for (const problem of problems) expect(problem.message).toMatch(/^is not YAML: \S/);
    }
  });

  it('reads no more than the first of many documents', () => {
    expect(problemsOf('--- a\n'.repeat(1_000)).map(problemText)).toEqual([
      'F:2:5: document: is one of more than 20 documents in this file (one document a file)',
    ]);
  });

  it('shows the place of a control character in the text', () => {
    expect(problemsOf(`${GOOD}  tags: { a: "x\u001b[2J" }\n`).map(problemText)).toEqual([
      'F:9:16: document: has the invisible character U+001B (ESC) (remove it)',
    ]);
  });

  it('shows the name of an invisible character in a value and in a key, never the character', () => {
    // Prepare
    const text = `${GOOD}  tags: { a: "x\\u202ey", "b\\e": c, "d\\u0085": e, f: "\\L" }\n`;
    // Act
    const texts = problemsOf(text).map(problemText);
    // Assess
    expect(texts).toEqual([
      'F:9:14: spec.tags.a: has the invisible character U+202E (right-to-left override) in place 2 (remove it)',
      'F:9:26: spec.tags["b\\u001b"]: has the invisible character U+001B (ESC) in place 2 (remove it)',
      'F:9:36: spec.tags["d\\u{85}"]: has the invisible character U+0085 in place 2 (remove it)',
      'F:9:53: spec.tags.f: has the invisible character U+2028 (line separator) in place 1 (remove it)',
    ]);
  });
});

describe('parseDocument and hostile values', () => {
  const base = (spec: Record<string, unknown>): unknown => ({
    apiVersion: 'keelson/v1',
    kind: 'Cluster',
    metadata: { name: 'demo' },
    spec: {
      region: 'eu-west-1',
      mode: 'ha',
      servers: { instanceType: 't3.medium' },
      k3s: { version: 'v1.34.2+k3s1' },
      ...spec,
    },
  });
  const entries = (count: number, key: (i: number) => string): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [key(i), 'x']));
  const nested = (depth: number): unknown => Array.from({ length: depth }).reduce<unknown>((inner) => [inner], 'x');

  it.each([
    [
      '100,000 K3s settings',
      base({ k3s: { version: 'v1.34.2+k3s1', config: entries(100_000, (i) => `kubelet-arh${i}`) } }),
      'spec.k3s.config: has more than 500 entries (no list or mapping needs more)',
    ],
    [
      '9,000 K3s settings',
      base({ k3s: { version: 'v1.34.2+k3s1', config: entries(9_000, (i) => `kubelet-arh${i}`) } }),
      'spec.k3s.config: has more than 500 entries',
    ],
    [
      '9,000 names of the API',
      base({ access: { extraSans: Array.from({ length: 9_000 }, (_, i) => `a${i}`) } }),
      'spec.access.extraSans: has more than 500 entries',
    ],
    [
      '4,000 wrong pools',
      base({ pools: Array.from({ length: 4_000 }, () => ({})) }),
      'spec.pools: has more than 500 entries',
    ],
    ['lists a thousand deep', base({ tags: nested(1_000) }), 'spec.tags[0]: is nested too deeply (at most 20 levels)'],
    ['a text of 2 MB', base({ tags: { a: 'x'.repeat(2_000_000) } }), 'document: has too much text (at most 256 KiB)'],
    [
      'a zero byte in the mirror',
      base({ k3s: { version: 'v1.34.2+k3s1', mirror: 'https://x/\0y' } }),
      'spec.k3s.mirror: has the invisible character U+0000 (NUL) in place 11 (remove it)',
    ],
    [
      'a line break in a setting',
      base({ k3s: { version: 'v1.34.2+k3s1', config: { 'kubelet-arg': ['a\nb'] } } }),
      'spec.k3s.config.kubelet-arg[0]: has the invisible character U+000A (line feed) in place 2 (remove it)',
    ],
  ])('refuses %s', (_what, value, expected) => {
    // Act
    const parsed = parseDocument(value);
    // Assess
    expect(
      parsed.ok ? [] : parsed.violations.map(violationText).map((text) => text.slice(0, expected.length)),
    ).toContain(expected);
    expect(parsed.ok ? 0 : parsed.violations.length).toBeLessThanOrEqual(101);
  });

  it('answers Invalid where an observation of the value throws', () => {
    // Prepare
    const value = {
      get apiVersion(): string {
        throw new RangeError('Invalid string length');
      },
    };
    // Act
    const parsed = parseDocument(value);
    // Assess
    expect(parsed.ok ? [] : parsed.violations.map(violationText)).toEqual([
      'document: cannot be checked: Invalid string length (see examples/ha.yaml, and report it as a defect)',
    ]);
  });

  it('visits no more than its bound of a value, however large it is', () => {
    // Prepare
    let visited = 0;
    const endless = new Proxy([] as unknown[], {
      ownKeys: (target) => [...Array.from({ length: 1_000_000 }, (_, i) => String(i)), ...Reflect.ownKeys(target)],
      getOwnPropertyDescriptor: (target, key) =>
        Reflect.getOwnPropertyDescriptor(target, key) ?? { configurable: true, enumerable: true, value: 'x' },
      get: () => {
        visited += 1;
        return 'x';
      },
    });
    // Act
    const { excess } = boundViolations(endless);
    // Assess
    expect(excess?.message).toBe('has more than 500 entries');
    expect(visited).toBeLessThanOrEqual(500);
  });
});
