import { beforeAll, describe, expect, it } from 'vitest';
import { type Access, readStored } from '#src/cli/kubeconfig/stored.js';
import { createAccess, HOST, storedText } from './access.js';

let access: Access;
let caHash: string;
let other: Access;
beforeAll(() => {
  ({ access, caHash } = createAccess());
  other = createAccess().access;
});
const known = (hash: string | null = null) => ({ name: 'shop', apiAddress: HOST, caHash: hash });

describe('a stored kubeconfig', () => {
  it('gives server, CA, client certificate and key', () => {
    expect(readStored(storedText(access), known(caHash))).toEqual(access);
  });

  it('of an IPv6 address has it in brackets', () => {
    const stored = { ...access, server: 'https://[2001:db8::1]:6443' };
    expect(readStored(storedText(stored), { ...known(), apiAddress: '2001:db8::1' })).toEqual(stored);
  });

  const inUser = (line: string) => storedText(access).replace('  user:\n', `  user:\n    ${line}\n`);
  const inCluster = (line: string) => storedText(access).replace('- cluster:\n', `- cluster:\n    ${line}\n`);
  it.each([
    ['users[0].user.exec', () => inUser('exec: { apiVersion: client.authentication.k8s.io/v1, command: sh }')],
    ['users[0].user.auth-provider', () => inUser('auth-provider: { name: oidc, config: { cmd-path: sh } }')],
    ['users[0].user.token', () => inUser('token: t')],
    ['users[0].user.tokenFile', () => inUser('tokenFile: /etc/passwd')],
    ['users[0].user.as', () => inUser('as: root')],
    ['clusters[0].cluster.proxy-url', () => inCluster('proxy-url: http://198.51.100.1')],
    ['clusters[0].cluster.insecure-skip-tls-verify', () => inCluster('insecure-skip-tls-verify: true')],
    ['clusters[0].cluster.tls-server-name', () => inCluster('tls-server-name: evil')],
    [
      'contexts[0].context.namespace',
      () => storedText(access).replace('    user: default', '    user: default\n    namespace: kube-system'),
    ],
    ['extensions', () => `${storedText(access)}extensions: [{ name: x, extension: {} }]\n`],
    [
      'clusters',
      () =>
        storedText(access).replace(
          'contexts:',
          `- cluster: { server: "https://x", certificate-authority-data: x }\n  name: x\ncontexts:`,
        ),
    ],
    ['users', () => `${storedText(access)}- name: x\n  user: { client-certificate-data: x, client-key-data: x }\n`],
    ['clusters[0].cluster.server', () => storedText({ ...access, server: 'https://198.51.100.1:6443' })],
    ['clusters[0].cluster.server', () => storedText({ ...access, server: `https://${HOST}` })],
    ['clusters[0].cluster.server', () => storedText({ ...access, server: `http://${HOST}:6443` })],
    ['certificate-authority-data', () => storedText({ ...access, ca: Buffer.from('nothing').toString('base64') })],
    ['certificate-authority-data', () => storedText({ ...access, ca: access.clientKey })],
    ['client-certificate-data', () => storedText({ ...access, clientCertificate: 'not base64' })],
    ['client-key-data', () => storedText({ ...access, clientKey: other.clientKey })],
    ['it is not YAML', () => `${storedText(access)}\t{`],
    ['it is larger than 64 KiB', () => `${storedText(access)}# ${'x'.repeat(70_000)}\n`],
    ['it', () => '- a list\n'],
    ['it', () => ''],
  ])('is refused by the name of what it may not hold: %s', (what, text) => {
    expect(() => readStored(text(), known())).toThrow(what);
  });

  it('is refused when it holds aliases, in which a small text can be endless', () => {
    const bomb = `a: &a [x]\nb: [${'*a,'.repeat(9)}]\n`;
    expect(() => readStored(bomb, known())).toThrow(/is not YAML that K3s writes/);
  });

  it('is refused with another CA than the one with which the cluster was created', () => {
    expect(() => readStored(storedText({ ...access, ca: other.ca }), known(caHash))).toThrow(
      /is not the CA with which/,
    );
  });
});
