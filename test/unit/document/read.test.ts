import { describe, expect, it } from 'vitest';
import { type Problem, problemText, readDocument } from '#src/document/read.js';

const GOOD = `apiVersion: keelson/v1
kind: Cluster
metadata: { name: demo }
spec:
  region: eu-west-1
  mode: ha
  servers:
    instanceType: t3.medium
  k3s: { version: v1.34.2+k3s1 }
`;

const problemsOf = (content: string | Uint8Array): Problem[] => {
  const read = readDocument(content, 'F');
  return read.ok ? [] : read.problems;
};
const textsOf = (content: string | Uint8Array): string[] => problemsOf(content).map(problemText);

const repeat = (text: string, times: number): string => text.repeat(times);
const bomb = [...'abcdefgh']
  .map(
    (name, index, all) =>
      `${name}: &${name} [${Array(9)
        .fill(index === 0 ? '"x"' : `*${all[index - 1]}`)
        .join(', ')}]`,
  )
  .join('\n');

/** Text, and the start of the only problem that it has. */
const CASES: [string, string | Uint8Array, RegExp][] = [
  ['an empty file', '', /^F:1:1: document: is empty \(see examples/],
  ['a file of comments', '# nothing\n\n# here\n', /^F:1:1: document: is empty/],
  ['a file of blank documents', '---\n---\n', /^F:1:1: document: is empty/],
  ['a lone scalar', 'hello\n', /^F:1:1: document: is "hello" \(a mapping/],
  ['null', 'null\n', /^F:1:1: document: is nothing/],
  [
    'binary with zero bytes',
    Buffer.from([0x61, 0, 1, 2]),
    /^F:1:1: document: is binary data, not text \(YAML or JSON in UTF-8\)/,
  ],
  [
    'binary that is not UTF-8',
    Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe]),
    /^F:1:1: document: is binary data, not text/,
  ],
  ['more than 256 KiB', `# ${repeat('x', 256 * 1024)}`, /^F:1:1: document: is 257 KiB long \(at most 256 KiB\)/],
  [
    'two documents',
    `${GOOD}---\n${GOOD}`,
    /^F:11:1: document: is one of 2 documents in this file \(one document a file\)/,
  ],
  ['a syntax error', `${GOOD}  tags: [a\n`, /^F:1[01]:\d+: document: is not YAML: .*\]/],
  ['a tab for indentation', 'spec:\n\tmode: ha\n', /^F:2:1: document: is not YAML: Tabs/],
  ['an unknown tag', `${GOOD}  tags: !secret {}\n`, /^F:10:9: document: is not YAML: Unresolved tag/],
  ['a bomb of aliases', bomb, /^F:2:8: document: has an alias without anchor, or aliases that grow/],
  ['an alias within itself', `${GOOD}  tags: &a { x: *a }\n`, /^F:10:17: document: has an alias/],
  ['an alias without anchor', `${GOOD}  tags: *a\n`, /^F:10:9: document: has an alias/],
  ['brackets without end', repeat('[', 100_000), /^F:1:\d+: document: is nested too deeply/],
  [
    'brackets by the thousand',
    `a: "["\nb: ${repeat('[', 5_000)}${repeat(']', 5_000)}`,
    /^F:2:\d+: document: is nested too deeply/,
  ],
  ['lists in lists by the thousand', repeat('- ', 5_000), /^F:1:\d+: document: is nested too deeply/],
  [
    'keys in keys by the hundred',
    Array.from({ length: 600 }, (_, i) => `${repeat(' ', i)}a:`).join('\n'),
    /^F:1\d\d:\d+: document: is nested too deeply/,
  ],
  ['an unknown key', `${GOOD}  regoin: x\n`, /^F:10:3: spec\.regoin: unknown key \(did you mean region\?\)/],
  ['a wrong type', GOOD.replace('mode: ha', 'mode: 3'), /^F:6:9: spec\.mode: is 3 \(one of ha, dev\)/],
  [
    'a missing field',
    GOOD.replace('    instanceType: t3.medium\n', '    rootVolume: {}\n'),
    /^F:7:3: spec\.servers\.instanceType: is missing/,
  ],
  [
    'a missing field in an entry of a list',
    `${GOOD}  pools:\n    - name: a\n      instanceType: t3.large\n`,
    /^F:11:7: spec\.pools\[0\]\.count: is missing/,
  ],
  ['a field missing at the top', GOOD.replace('kind: Cluster\n', ''), /^F:1:1: kind: is missing \(Cluster\)/],
  ['a key without its value', GOOD.replace('mode: ha', 'mode:'), /^F:6:3: spec\.mode: is nothing/],
  [
    'a duplicate key',
    `${GOOD}  mode: ha\n`,
    /^F:10:3: spec\.mode: duplicate key \(it is in line 6 already; keep one\)/,
  ],
  [
    'a duplicate key in braces',
    GOOD.replace('{ name: demo }', '{ name: demo, name: demo }'),
    /^F:3:25: metadata\.name: duplicate key \(it is in line 3/,
  ],
  [
    'a value in a list',
    `${GOOD}  access:\n    apiCidrs: [10.0.0.0/8, ten]\n`,
    /^F:11:28: spec\.access\.apiCidrs\[1\]: "ten"/,
  ],
  [
    'a key that Keelson owns',
    GOOD.replace('+k3s1 }', '+k3s1, config: { token: x } }'),
    /^F:9:43: spec\.k3s\.config\.token: is set by Keelson/,
  ],
  ['a merge key', `${GOOD}  <<: { paused: true }\n`, /^F:10:3: spec\["<<"\]: unknown key/],
];

describe('readDocument', () => {
  it.each(CASES)('reports the place of %s', (_what, content, expected) => {
    // Act
    const texts = textsOf(content);
    // Assess
    expect(texts[0]).toMatch(expected);
    expect(texts.filter((text) => text.includes(': document: ')).length).toBeLessThanOrEqual(5);
  });

  it('lists problems in the order of the text', () => {
    // Prepare
    const content = `${GOOD}  zone: a\n  mode: hb\n  tags: { "aws:x": "1" }\n  drift: sideways\n`;
    // Act
    const texts = textsOf(content);
    // Assess
    expect(texts.map((text) => text.split(': ').slice(0, 2).join(' '))).toEqual([
      'F:10:3 spec.zone',
      'F:11:3 spec.mode',
      'F:11:9 spec.mode',
      'F:12:20 spec.tags["aws:x"]',
      'F:13:10 spec.drift',
    ]);
  });

  it.each([
    ['as it is', GOOD],
    ['with a byte order mark', `\uFEFF${GOOD}`],
    ['with the line ends of Windows', GOOD.replaceAll('\n', '\r\n')],
    ['between markers', `---\n${GOOD}...\n`],
    ['with a blank document behind', `${GOOD}---\n# no more\n`],
    [
      'with a harmless anchor',
      `${GOOD}  tags: &t { a: b }\n  pools: [{ name: a, count: 1, instanceType: t3.large, labels: *t }]\n`,
    ],
  ])('reads a document %s', (_how, content) => {
    expect(textsOf(content)).toEqual([]);
  });

  it('counts lines and columns alike with the line ends of Windows', () => {
    const content = `${GOOD}  regoin: x\n`.replaceAll('\n', '\r\n');
    expect(textsOf(content)[0]).toMatch(/^F:10:3: /);
  });

  it('points into JSON too', () => {
    // Prepare
    const content = `{\n  "apiVersion": "keelson/v1",\n  "kind": "Cluster",\n  "metadata": { "name": "Demo" },\n  "spec": {}\n}\n`;
    // Act
    const texts = textsOf(content);
    // Assess
    expect(texts[0]).toMatch(/^F:4:25: metadata\.name: "Demo" is not a DNS label/);
    expect(texts.slice(1).every((text) => text.startsWith('F:5:3: spec.'))).toBe(true);
  });

  it('copes with many keys', () => {
    // Prepare
    const content = Array.from({ length: 5_000 }, (_, index) => `k${index}: 1`).join('\n');
    // Act
    const problems = problemsOf(content);
    // Assess
    expect(problems.length).toBeLessThan(101);
  });
});
