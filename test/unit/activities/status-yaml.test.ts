import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { statusYaml } from '#src/activities/status-yaml.js';
import { yamlOf } from '#src/document/write.js';

const texts = fc.oneof(
  fc.constantFrom(
    ...[
      '',
      ' ',
      '-',
      '- a',
      '~',
      'null',
      'True',
      'yes',
      'no',
      '0x1f',
      '1e3',
      '.5',
      '.inf',
      '012',
      '1_000',
      '<<',
      '=',
      'a: b',
      'a:',
      'a :b',
    ],
    ...[
      'a #b',
      '# a',
      '"a"',
      "it's",
      'a\n',
      'a\nb',
      '\na',
      ' a\n b',
      'a\n\nb\n\n',
      'a\tb',
      '\ta',
      'a\r\nb',
      '\u2028',
      '\u0000',
      'é',
      '日本',
    ],
    ...[
      'join:workers-0',
      'workers-0, workers-1: Ready',
      '10.0.0.1',
      '10.0.0.0/16',
      '2026-11-30T02:30:14.489Z',
      '2026-11-30',
      '12:30:45',
    ],
    ...[
      '3 of 3 nodes are Ready',
      'a; b (c)',
      '[a]',
      '{a}',
      '*a',
      '&a',
      '!a',
      '%a',
      '@a',
      '`a`',
      '? a',
      ': a',
      '--- a',
      '...',
      'a-',
      'a -',
    ],
  ),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('a', 'B', '1', ' ', ':', '-', '#', ',', '\n', "'", '"', '|', '.'), maxLength: 8 }),
);
const { value } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    texts,
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    tie('list'),
    tie('map'),
  ),
  list: fc.array(tie('value'), { maxLength: 3 }),
  map: fc.dictionary(texts, tie('value'), { maxKeys: 3, noNullPrototype: true }),
}));

describe('a status as YAML', () => {
  it('is read as what it was made of, whatever that is', () => {
    fc.assert(
      fc.property(fc.dictionary(texts, value, { maxKeys: 4, noNullPrototype: true }), (data) => {
        // A key of that name sets the prototype of what reads it.
        fc.pre(!JSON.stringify(data).includes('__proto__'));
        expect(parse(statusYaml(data))).toEqual(data);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is as the library writes it, where its texts are those of a status', () => {
    // Prepare
    const status = {
      phase: 'Running',
      account: null,
      nodes: [
        { slot: 'server-0', instanceId: 'i-0123456789abcdef0', privateIp: '10.0.0.1', generation: 1, doing: null },
        { slot: 'workers-1', ready: 'True', voter: '-', zone: 'eu-west-1a', k3s: 'v1.34.2+k3s1' },
      ],
      conditions: [
        { type: 'NodesReady', message: '2 of 3 nodes are Ready; workers-1: is not Ready', hint: '', slots: [] },
      ],
      operation: {
        steps: [
          {
            id: 'join:workers-1',
            startedAt: '2026-11-30T02:30:14.489Z',
            title: 'install K3s and join as agent',
            error: null,
          },
        ],
        reason: 'the cluster is to run and does not exist yet',
      },
      lastError: {
        message: 'workers-1 (i-1): join failed, exit 1: error: no room\nlast line\n',
        at: '2026-11-30T02:30:14.489Z',
      },
      drill: {},
      paused: false,
      nested: [['a', { b: 'c: d' }], []],
    };

    // Act
    const text = statusYaml(status);

    // Assess
    expect(text).toBe(yamlOf(status));
  });
});
