/** What the exit codes of curl become: a code of Keelson's and words. By a table, and by the real curl where one machine can bring it about. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const FAIL = `fail() { printf '%s\\n%s\\n%s' "$1" "$2" "$3"; exit 0; }; say() { :; }; . src/node-scripts/lib/transfer.sh`;

const lines = (text: string): { code: string; message: string; hint: string } => {
  const [code = '', message = '', hint = ''] = text.split('\n');
  return { code, message, hint };
};

const told = (exit: number, status = '000') =>
  lines(
    execFileSync(
      'bash',
      [
        '-c',
        `${FAIL}; curl_exit=$1 http_status=$2; transfer_failed 'K3s' Mirror VersionNotFound ''`,
        '-',
        `${exit}`,
        status,
      ],
      { encoding: 'utf8' },
    ),
  );

describe('an exit code of curl', () => {
  it.each([
    [5, 'MirrorUnreachable', /name of the proxy is not known to DNS/, /proxy settings/],
    [6, 'MirrorUnreachable', /host name is not known to DNS/, /enableDnsSupport/],
    [7, 'MirrorUnreachable', /refused/, /something listens there/],
    [23, 'DiskFull', /cannot be written/, /root volume/],
    [28, 'MirrorUnreachable', /no answer in time/, /NAT gateway/],
    [35, 'MirrorUnreachable', /TLS handshake/, /proxy/],
    [47, 'MirrorUnreachable', /too many redirects/, /./],
    [51, 'CertificateUntrusted', /not of this host/, /CA/],
    [52, 'MirrorUnreachable', /cut/, /./],
    [56, 'MirrorUnreachable', /cut/, /./],
    [58, 'CertificateUntrusted', /client certificate/, /CA/],
    [60, 'CertificateUntrusted', /CA that this image does not know/, /proxy that inspects TLS/],
    [77, 'CertificateUntrusted', /no CA certificates/, /CA/],
    [97, 'MirrorUnreachable', /handshake with the proxy/, /proxy settings/],
    [126, 'ToolMissing', /no curl on this image/, /bash, curl, openssl/],
    [127, 'ToolMissing', /no curl on this image/, /bash, curl, openssl/],
    [4, 'MirrorUnreachable', /no answer/, /route, DNS, proxy/],
  ])('%i is %s', (exit, code, message, hint) => {
    expect(told(exit)).toEqual({
      code,
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });

  it.each([
    ['404', 'VersionNotFound'],
    ['403', 'MirrorRefused'],
    ['407', 'MirrorRefused'],
    ['507', 'MirrorFull'],
  ])('22 with HTTP %s is %s', (status, code) => {
    expect(told(22, status).code).toBe(code);
  });
});

/** A server in a process of its own, for the calls of curl hold up this one. It prints its port. */
async function withServer<T>(source: string, act: (port: string) => T): Promise<T> {
  const server = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = (await once(server.stdout, 'data')) as [Buffer];
    return act(String(port).trim());
  } finally {
    server.kill();
    await once(server, 'exit');
  }
}

describe('the real curl', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'keelson-curl-'));
    // Refused connections are tried again for 15 seconds; here once is enough. [curl(1): retry-max-time]
    writeFileSync(join(dir, '.curlrc'), 'retry-max-time = 1\nretry-delay = 1\n');
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const download = (url: string, env: Record<string, string> = {}) =>
    lines(
      execFileSync(
        'bash',
        [
          '-c',
          `${FAIL}; download "$1" "$2" 2>/dev/null || transfer_failed 'K3s' Mirror VersionNotFound ''`,
          '-',
          url,
          join(dir, 'out'),
        ],
        { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', HOME: dir, ...env } },
      ),
    );

  /** A port at which nothing listens: it was free a moment ago. */
  async function freePort(): Promise<number> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }

  it('reports a name that DNS does not know', () => {
    const { code, message } = download('http://mirror.invalid/k3s');
    expect([code, message]).toEqual(['MirrorUnreachable', expect.stringMatching(/not known to DNS \(curl 6\)/)]);
  });

  it('reports a proxy whose name DNS does not know', () => {
    const { code, message } = download('http://mirror.example.org/k3s', { http_proxy: 'http://proxy.invalid:3128' });
    expect([code, message]).toEqual([
      'MirrorUnreachable',
      expect.stringMatching(/proxy is not known to DNS \(curl 5\)/),
    ]);
  });

  it('reports a connection that is refused', async () => {
    const { code, message } = download(`http://127.0.0.1:${await freePort()}/k3s`);
    expect([code, message]).toEqual(['MirrorUnreachable', expect.stringMatching(/refused.*\(curl 7\)/)]);
  });

  /** A server whose certificate no one has signed but itself. */
  async function withTls<T>(act: (url: string) => T): Promise<T> {
    const [key, cert] = [join(dir, 'key.pem'), join(dir, 'cert.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
    execFileSync('openssl', [...made, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const source = `const { readFileSync } = require('node:fs');
      const server = require('node:https').createServer({ key: readFileSync(${JSON.stringify(key)}), cert: readFileSync(${JSON.stringify(cert)}) });
      server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;
    return withServer(source, (port) => act(`https://127.0.0.1:${port}/k3s`));
  }

  it('reports CA certificates that are not there', async () => {
    const { code, message } = await withTls((url) => download(url, { CURL_CA_BUNDLE: '/nowhere/ca.pem' }));
    expect([code, message]).toEqual(['CertificateUntrusted', expect.stringMatching(/no CA certificates.*\(curl 77\)/)]);
  });

  it('reports a certificate of a CA that the image does not know, as that of a proxy which inspects TLS', async () => {
    const { code, message, hint } = await withTls((url) => download(url));
    expect(code).toBe('CertificateUntrusted');
    expect(message).toMatch(/CA that this image does not know \(curl 60\)/);
    expect(hint).toMatch(/proxy that inspects TLS/);
  });

  it('is named where it is missing', () => {
    for (const tool of ['bash', 'printf', 'rm']) symlinkSync(`/bin/${tool}`, join(dir, tool));
    const { code, message } = download('http://mirror.example.org/k3s', { PATH: dir });
    expect([code, message]).toEqual(['ToolMissing', expect.stringMatching(/no curl on this image/)]);
  });
});
