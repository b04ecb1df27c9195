/**
 * Whatever a stranger sends, up to 256 KiB of it, is read within 200 ms and 100 MiB, and is named as what it is. A process with a small heap reads:
 * the CPU time of the thread that reads counts, so that other programs of this machine do not, and the peak of the process over all inputs.
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filled, SIZE } from '../../support/hostile/filled.js';
import { DOCUMENTS, MESSAGES, MIRROR_ANSWERS, VALUES } from '../../support/hostile/inputs.js';
import { MESSAGE_PIECES, NODE_BEGINS, NODE_PIECES, YAML_BEGINS, YAML_PIECES } from '../../support/hostile/pieces.js';
import type { Answer, Kind } from '../../support/hostile/reader.js';
import { MOST_CPU_MS, MOST_MIB, type Reader, startReader } from '../../support/hostile/start-reader.js';

/** Each is up to 256 KiB long. */
const RUNS = 60;

let reader: Reader;
let base: number;
let server: Server;
let mirror: string;

beforeAll(async () => {
  reader = await startReader();
  // A worker has read something before a stranger comes.
  await reader.read('document', 'apiVersion: keelson/v1\nkind: Cluster\nmetadata: { name: demo }\n');
  await reader.read('node', 'keelson-job id=a outcome=done exit=0\n');
  ({ peakMiB: base } = await reader.read('message', '{}'));
  server = createServer((request, response) => {
    const [, encoding, body] = MIRROR_ANSWERS[Number(request.url?.split('/')[1])] ?? ['', 'identity', ''];
    response.writeHead(200, encoding === 'identity' ? {} : { 'content-encoding': encoding }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  mirror = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(async () => {
  await reader.stop();
  server.closeAllConnections();
  server.close();
});

function expectLittle({ cpuMs, peakMiB }: Answer): void {
  expect(cpuMs).toBeLessThan(MOST_CPU_MS);
  expect(peakMiB - base).toBeLessThan(MOST_MIB);
}

describe('a document', () => {
  it.each(DOCUMENTS)('of %s costs little, and is named', async (_, input) => {
    const answer = await reader.read('document', input);

    expect(answer.verdict).toMatch(/^(accepted|F:\d+:\d+: )/);
    expect(answer.verdict).not.toContain('cannot be');
    expectLittle(answer);
  });

  it.each(VALUES)('from Temporal with %s costs little, and is named', async (_, value) => {
    const answer = await reader.read('value', JSON.stringify(value));

    expect(answer.verdict).toMatch(/^(accepted|(document|apiVersion|kind|metadata|spec)[^\n:]*: )/);
    expectLittle(answer);
  });

  it('costs little whatever it repeats', async () => {
    const sizes = fc.constantFrom(SIZE, 60_000, 20_000, 8_000, 3_000);
    await repeating('document', YAML_BEGINS, YAML_PIECES, sizes, /^(accepted|F:\d+:\d+: )/);
  });

  it('costs little whatever bytes it has', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 64 }), async (part) => {
        const answer = await reader.read('document', Buffer.alloc(SIZE, part));

        expect(answer.verdict).toMatch(/^F:\d+:\d+: /);
        expectLittle(answer);
      }),
      { numRuns: RUNS },
    );
  });
});

describe('the answer of a mirror', () => {
  it.each(MIRROR_ANSWERS.map(([what], index) => [what, index] as const))(
    'with %s costs little, and is named',
    async (_, index) => {
      const answer = await reader.read('mirror', `${mirror}/${index}`);

      expect(answer.verdict).toMatch(/^(MirrorNotAllowed|VersionNotFound|unanswered): [\x20-\x7e]{1,500}$/);
      expectLittle(answer);
    },
  );
});

describe('output of a node', () => {
  it('costs little whatever it repeats', async () => {
    await repeating('node', NODE_BEGINS, NODE_PIECES, fc.constantFrom(SIZE, 24_000), /^(done|failed) with \d+ values$/);
  });
});

describe('a message of the queue', () => {
  it.each(MESSAGES)('of %s costs little, and is named', async (_, input) => {
    const answer = await reader.read('message', input);

    expect(answer.verdict).toBe('no event');
    expectLittle(answer);
  });

  it('costs little whatever it repeats', async () => {
    await repeating(
      'message',
      ['', '[', '{"source":"aws.ec2","detail":', '"'],
      MESSAGE_PIECES,
      fc.constant(SIZE),
      /^no event$/,
    );
  });
});

/** Texts that begin somehow and go on with up to five pieces again and again: what most faults of parsers need. */
async function repeating(
  kind: Kind,
  begins: readonly string[],
  pieces: readonly string[],
  sizes: fc.Arbitrary<number>,
  verdict: RegExp,
): Promise<void> {
  const part = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 5 }).map((all) => all.join(''));
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...begins), part, sizes, async (begin, repeated, size) => {
      const answer = await reader.read(kind, filled(repeated, begin, '', size));

      expect(answer.verdict).toMatch(verdict);
      expectLittle(answer);
    }),
    { numRuns: RUNS },
  );
}
