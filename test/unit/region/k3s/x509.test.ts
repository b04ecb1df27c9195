/** Certificates that the simulator writes, as OpenSSL and Node read them. */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createClusterCa } from '../../../../packages/aws-simulator/src/k3s/ca.js';
import { EXTENSIONS, nameOf, subjectIn, writeCertificate } from '../../../../packages/aws-simulator/src/k3s/x509.js';

const LONG = 'a-name-that-makes-the-length-of-its-element-two-bytes.'.repeat(6);
const NAMES = ['127.0.0.1', '::1', '2001:db8::8:800:200c:417a', '::ffff:192.0.2.7', 'localhost', 'shop-server-0-g1'];

function verify(ca: string, cert: string, purpose: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-x509-'));
  try {
    writeFileSync(join(folder, 'ca.crt'), ca);
    writeFileSync(join(folder, 'leaf.crt'), cert);
    const args = ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', 'ca.crt', 'leaf.crt'];
    return execFileSync('openssl', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('a certificate of the cluster', () => {
  it('is one that OpenSSL takes by the strict rules, for its own purpose', () => {
    // Prepare
    const ca = createClusterCa();

    // Act
    const server = verify(ca.serverCa, ca.issueServer(NAMES).cert, 'sslserver');
    const admin = verify(ca.clientCa, ca.issueAdmin().cert, 'sslclient');

    // Assess
    expect([server, admin]).toEqual(['leaf.crt: OK', 'leaf.crt: OK']);
    expect(() => verify(ca.serverCa, ca.issueAdmin().cert, 'sslclient')).toThrow(/unable to get (local )?issuer/);
    expect(() => verify(ca.clientCa, ca.issueAdmin().cert, 'sslserver')).toThrow(
      /(unsupported|unsuitable) certificate/,
    );
  });

  it('holds every name and address, and lives a year from the time that it is given', () => {
    // Prepare
    const ca = createClusterCa();
    const at = Date.UTC(2026, 0, 2, 3, 4, 5);

    // Act
    const cert = new X509Certificate(ca.issueServer([...NAMES, LONG, NAMES[0] ?? ''], at).cert);

    // Assess
    expect(cert.subjectAltName?.split(', ')).toEqual([
      'IP Address:127.0.0.1',
      'IP Address:0:0:0:0:0:0:0:1',
      'IP Address:2001:DB8:0:0:8:800:200C:417A',
      'IP Address:0:0:0:0:0:FFFF:C000:207',
      'DNS:localhost',
      'DNS:shop-server-0-g1',
      `DNS:${LONG}`,
    ]);
    expect([cert.validFrom, cert.validTo]).toEqual(['Jan  2 03:03:05 2026 GMT', 'Jan  2 03:04:05 2027 GMT']);
    expect(cert.ca).toBe(false);
  });

  it('may end in any year', () => {
    // Prepare
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' });
    const subject = nameOf([
      ['O', 'ops'],
      ['CN', 'someone'],
    ]);

    // Act
    const pem = writeCertificate({
      subject,
      issuer: subject,
      notBefore: new Date(Date.UTC(2049, 11, 31, 23, 59, 59)),
      notAfter: new Date(Date.UTC(2050, 0, 1)),
      publicKey,
      extensions: [EXTENSIONS.authority(), EXTENSIONS.subjectKey(publicKey)],
      signingKey: pair.privateKey,
    });

    // Assess
    const cert = new X509Certificate(pem);
    expect([cert.validFrom, cert.validTo]).toEqual(['Dec 31 23:59:59 2049 GMT', 'Jan  1 00:00:00 2050 GMT']);
    expect(cert.subject).toBe('O=ops\nCN=someone');
    expect(subjectIn(cert.raw)).toEqual(subject);
    expect(cert.verify(cert.publicKey)).toBe(true);
  });
});
