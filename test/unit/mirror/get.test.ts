/** What a mirror that a document names can do to the client that asks it. The mirror is a server of this test. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { isOwnAddress } from '#src/mirror/addresses.js';
import { type MirrorPolicy, mirrorProblem } from '#src/mirror/policy.js';
import { askRelease } from '#src/mirror/release.js';

const NONE: MirrorPolicy = { allowed: null, site: null };
const LOCAL: MirrorPolicy = { allowed: ['http://127.0.0.1:*'], site: null };
const VERSION = 'v1.34.2+k3s1';
const SUMS = `${'a'.repeat(64)}  k3s\n`;

let servers: Server[] = [];
afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ask = (mirror: string, policy: MirrorPolicy | null = LOCAL) =>
  askRelease({ mirror, version: VERSION }, 'amd64', new AbortController().signal, policy);

describe('the answer of a mirror', () => {
  it('is read where it has the size of checksums, packed or not', async () => {
    // Prepare
    const mirror = await serve((request, response) => {
      const packed = request.headers.host !== undefined && request.url?.startsWith('/packed') === true;
      response.writeHead(200, packed ? { 'content-encoding': 'gzip' } : {});
      response.end(packed ? gzipSync(SUMS) : SUMS);
    });
    // Act
    const answers = await Promise.all([ask(mirror), ask(`${mirror}/packed`)]);
    // Assess
    expect(answers).toMatchObject([
      { kind: 'found', sums: SUMS },
      { kind: 'found', sums: SUMS },
    ]);
  });

  it.for([
    { what: 'a page, to whatever is asked', body: '<html>Please log in</html>' },
    { what: 'the checksums of another architecture', body: `${'a'.repeat(64)}  k3s-arm64\n` },
    { what: 'words in the place of a checksum', body: 'not-a-sum  k3s\n' },
    { what: 'nothing', body: '' },
  ])('says that the release is missing where it is $what', async ({ body }) => {
    const mirror = await serve((_, response) => response.writeHead(200).end(body));
    await expect(ask(mirror)).resolves.toEqual({
      kind: 'missing',
      url: `${mirror}/v1.34.2%2Bk3s1/sha256sum-amd64.txt`,
      reason: 'its answer names no checksum of k3s',
    });
  });

  it('says that the release is missing where the binary is, and no more than that: its server need not know HEAD', async () => {
    // Prepare
    const serveWith = (status: number) =>
      serve((request, response) =>
        request.method === 'HEAD' ? response.writeHead(status).end() : response.writeHead(200).end(SUMS),
      );
    // Act
    const withoutBinary = await serveWith(404);
    const missing = await ask(withoutBinary);
    const withoutHead = await serveWith(405);
    const found = await ask(withoutHead);
    // Assess
    expect(missing).toEqual({ kind: 'missing', url: `${withoutBinary}/v1.34.2%2Bk3s1/k3s`, reason: '404' });
    expect(found).toMatchObject({ kind: 'found', sums: SUMS });
  });

  it('is refused with its bound when 0.4 MB unpack to 400 MB, without unpacking them', async () => {
    // Prepare
    const bomb = gzipSync(Buffer.alloc(400 * 1024 * 1024));
    const mirror = await serve((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb));
    const before = process.cpuUsage();
    const peak = process.resourceUsage().maxRSS;
    // Act
    const answer = await ask(mirror);
    // Assess
    const { user, system } = process.cpuUsage(before);
    expect(answer).toMatchObject({ kind: 'refused', reason: 'has more than 64 KiB' });
    expect((user + system) / 1_000).toBeLessThan(500);
    expect((process.resourceUsage().maxRSS - peak) / 1_024).toBeLessThan(100);
  });

  it('is refused when it never ends', async () => {
    // Prepare
    let sent = 0;
    const mirror = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(16_384))) sent += 16_384;
      };
      response.on('drain', more);
      more();
    });
    // Act
    const answer = await ask(mirror);
    // Assess
    expect(answer).toMatchObject({ kind: 'refused', reason: 'has more than 64 KiB' });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it('does not lead the worker to its own machine by a redirect or a name', async () => {
    // Prepare
    let asked = 0;
    const mirror = await serve((request, response) => {
      if (request.url?.startsWith('/latest') === true) asked += 1;
      response.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data/' }).end();
    });
    // Act
    const redirected = await ask(mirror);
    const named = await ask(mirror.replace('127.0.0.1', 'localhost'), NONE);
    const literal = await ask(mirror, NONE);
    // Assess
    expect(redirected).toMatchObject({ kind: 'refused', reason: expect.stringContaining('169.254.169.254') });
    expect(named).toMatchObject({
      kind: 'refused',
      reason: expect.stringMatching(/^localhost is (127\.0\.0\.1|::1),/),
    });
    expect(literal).toMatchObject({ kind: 'refused' });
    expect(asked).toBe(0);
  });

  it('leads on a few times, not without end', async () => {
    const mirror = await serve(
      (request, response) => void response.writeHead(302, { location: `${request.url}x` }).end(),
    );
    expect(await ask(mirror)).toMatchObject({ kind: 'refused', reason: 'it leads on more than 5 times' });
  });
});

describe('a mirror that a document names', () => {
  it.each([
    ['https://mirror.example/k3s', false, NONE, null],
    ['http://mirror.example/k3s', true, NONE, null],
    ['http://mirror.example/k3s', false, NONE, 'it is not https'],
    ['https://169.254.169.254/k3s', true, NONE, 'it is an address of the worker'],
    ['https://[::ffff:127.0.0.1]/k3s', true, NONE, 'it is an address of the worker'],
    ['https://2130706433/k3s', true, NONE, 'it is an address of the worker'],
    ['https://localhost/k3s', true, NONE, 'it is an address of the worker'],
    ['https://10.0.0.5/k3s', false, NONE, null],
    ['http://127.0.0.1:8099', false, LOCAL, null],
    ['http://127.0.0.2:8099', false, LOCAL, 'the operator does not allow it'],
    ['https://mirror.example/k3s', true, LOCAL, 'the operator does not allow it'],
    ['https://github.com/k3s-io/k3s/releases/download', false, LOCAL, null],
    ['http://10.77.0.1:8099', false, { allowed: null, site: 'http://10.77.0.1:8099' }, null],
    ['https://mirror.example/k3s', false, { allowed: ['https://mirror.example/k3s'], site: null }, null],
    ['https://mirror.example/k3s/sub', false, { allowed: ['https://mirror.example/k3s'], site: null }, null],
    ['https://mirror.example/k3sx', false, { allowed: ['https://mirror.example/k3s'], site: null }, 'the operator'],
    ['https://mirror.example.evil/k3s', false, { allowed: ['https://mirror.example/k3s'], site: null }, 'the operator'],
    ['https://mirror.example:8443/k3s', false, { allowed: ['https://mirror.example'], site: null }, 'the operator'],
    ['https://anywhere.example', false, { allowed: ['https://*'], site: null }, null],
    ['https://127.0.0.1', true, { allowed: ['https://*'], site: null }, 'it is an address of the worker'],
  ] as [string, boolean, MirrorPolicy, string | null][])(
    '%s, pinned: %s, with %j: %s',
    (mirror, pinned, policy, expected) => {
      const problem = mirrorProblem(mirror, pinned, policy);
      expect(problem?.slice(0, expected?.length) ?? null).toBe(expected);
    },
  );
});

describe('own addresses', () => {
  it.each([
    '127.0.0.1',
    '127.255.0.1',
    '0.0.0.0',
    '169.254.169.254',
    '::1',
    '::',
    'fe80::1',
    'fd00:ec2::254',
    '::ffff:169.254.169.254',
    '64:ff9b::7f00:1',
    '255.255.255.255',
  ])('are %s', (address) => expect(isOwnAddress(address)).toBe(true));
  it.each(['10.0.0.1', '192.168.1.1', '140.82.112.3', '2606:50c0::1', 'fd12::1'])('are not %s', (address) =>
    expect(isOwnAddress(address)).toBe(false),
  );
});
