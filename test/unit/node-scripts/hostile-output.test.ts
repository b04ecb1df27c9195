/** Output of a node on which someone else is root: whatever it is, reading it gives a result that says what it is. What it costs is in test/unit/trust/cost.test.ts. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jobResult } from '#src/activities/ssm/job-result.js';
import { factsOf } from '#src/model/health/facts.js';
import type { ClusterState } from '#src/model/state.js';
import { parseJobOutput } from '#src/node-scripts/render.js';
import { RESULT_FAMILIES, RESULT_KEYS } from '#src/node-scripts/results.js';
import { reportedKey } from '#src/node-scripts/seal.js';
import { parseNodes, parseStrayMembers } from '#src/workflows/cluster/observe/parse-nodes.js';
import { filled } from '../../support/hostile/filled.js';
import { NODE_BEGINS, NODE_PIECES } from '../../support/hostile/pieces.js';

const JOB = 'demo-verify-server-0-1';
const HEAD = `keelson-job id=${JOB} outcome=done exit=0\nkeelson-result\n`;
const known = {
  document: { metadata: { name: 'demo' } },
  slots: { 'server-0': { name: 'server-0', nodeName: 'demo-server-0-g1' } },
} as unknown as Pick<ClusterState, 'document' | 'slots'>;

/** All that is done with what a command prints. */
function readAll(stdout: string) {
  const result = jobResult('i-1', JOB, { status: 'ended', word: 'Success', exitCode: 0, stdout, stderr: '' });
  const nodes = parseNodes(result.result, known);
  const strays = parseStrayMembers(result.result, known);
  return {
    result,
    nodes,
    strays,
    facts: factsOf(result.result, null, '2026-01-01T00:00:00Z', true),
    key: reportedKey(stdout, JOB),
  };
}

function requireBounds({ result, nodes }: ReturnType<typeof readAll>): void {
  for (const [key, value] of Object.entries(result.result)) {
    expect(key.length).toBeLessThanOrEqual(120);
    expect(value.length).toBeLessThanOrEqual(200);
  }
  expect(nodes.length).toBeLessThanOrEqual(101);
  for (const invisible of ['\u001b', '\u202e']) expect(result.logTail.includes(invisible)).toBe(false);
}

const begin = fc.constantFrom(...NODE_BEGINS);
const part = fc.array(fc.constantFrom(...NODE_PIECES), { minLength: 1, maxLength: 5 }).map((all) => all.join(''));

describe('output of a node', () => {
  it('gives bounded values and visible characters, whatever it repeats', () => {
    fc.assert(
      fc.property(begin, part, (before, repeated) => requireBounds(readAll(filled(repeated, before, '', 24_000)))),
      { numRuns: 150 },
    );
  });

  it('that is no report is a failed job, and says nothing of nodes', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 2_000 }), (stdout) => {
        fc.pre(parseJobOutput(stdout) === null);

        const { result, nodes, strays } = readAll(stdout);

        expect(result).toMatchObject({ outcome: 'failed', result: {} });
        expect([nodes, strays]).toEqual([[], []]);
      }),
      { numRuns: 300 },
    );
  });

  it('gives values only under the keys that scripts have', () => {
    const line = fc.tuple(fc.stringMatching(/^[A-Za-z][\w.:-]{0,40}$/), fc.string({ unit: 'binary', maxLength: 300 }));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 50 }), (lines) => {
        const { result } = readAll(HEAD + lines.map(([key, value]) => `${key}=${value}\n`).join(''));

        requireBounds({ ...readAll(''), result });
        for (const key of Object.keys(result.result))
          expect(RESULT_KEYS.includes(key) || RESULT_FAMILIES.some((family) => key.startsWith(`${family}.`))).toBe(
            true,
          );
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    ['more than a report ever holds', gzipSync(`node.demo-server-0-g1=True\n${'x'.repeat(50_000_000)}`)],
    ['bytes that are not compressed', Buffer.from('node.demo-server-0-g1=True\n')],
    ['one endless line', gzipSync(`node.demo-server-0-g1=${'x'.repeat(100_000)}\n`)],
  ])('that packs %s has no result', (_, bytes) => {
    const stdout = `${HEAD}packed=${bytes.toString('base64')}\nkeelson-log\nend\n`;

    const { result } = readAll(stdout);

    expect(result).toMatchObject({ outcome: 'done', result: {}, logTail: 'end' });
  });

  it('is unpacked once, however often it says so', () => {
    const packed = (text: string) => `packed=${gzipSync(text).toString('base64')}\n`;

    const { result } = readAll(`${HEAD}${packed('api=ok\n')}${packed('voters=3\n')}`);

    expect(result.result).toEqual({ api: 'ok' });
  });
});
