/** Short-lived certificates, from an API server that signs as Kubernetes does, and from one that does not. */
import { X509Certificate } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { kubeApi } from '#src/cli/kubeconfig/kube-api.js';
import { shortLived } from '#src/cli/kubeconfig/short-lived.js';
import { newSigningRequest } from '#src/cli/kubeconfig/signing-request.js';
import type { Access } from '#src/cli/kubeconfig/stored.js';
import { SigningRequests } from '../../../../packages/aws-simulator/src/k3s/api/signing.js';
import { type ClusterCa, createClusterCa, type KeyPair } from '../../../../packages/aws-simulator/src/k3s/ca.js';

const ALICE = { user: 'alice', groups: ['dev', 'ops'], ttlSeconds: 3_600 };
const { signal } = new AbortController();
const base64 = (plain: string): string => Buffer.from(plain).toString('base64');
const plain = (encoded: string): string => Buffer.from(encoded, 'base64').toString('utf8');

interface Reply {
  status: number;
  body: string;
}
type Change = (path: string, reply: Reply) => Reply | Promise<Reply>;

let ca: ClusterCa;
let master: KeyPair;
let server: Server | undefined;
/** Method and path of what was asked. */
let asked: string[];

beforeAll(() => {
  ca = createClusterCa();
  master = ca.issueAdmin();
});
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** An API server that lets administrators in; `change` is what someone does to its answers. */
async function serve(change: Change = (_, reply) => reply): Promise<Access> {
  asked = [];
  const requests = new SigningRequests();
  const { key, cert } = ca.issueServer(['127.0.0.1']);
  server = createServer({ key, cert, ca: ca.clientCa, requestCert: true, rejectUnauthorized: true });
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? '';
    asked.push(`${request.method} ${path.replace(/keelson-\w+/, 'NAME')}`);
    const sent = await text(request);
    const reply = await requests.answer(
      request.method ?? '',
      path,
      sent === '' ? {} : JSON.parse(sent),
      'system:admin',
      ca,
    );
    const { status, body } = await change(path, reply ?? { status: 200, body: '{}' });
    response.writeHead(status).end(body);
  };
  server.on('request', (request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return {
    server: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ca: base64(ca.serverCa),
    clientCertificate: base64(master.cert),
    clientKey: base64(master.key),
  };
}

describe('a short-lived kubeconfig', () => {
  it('holds a certificate of the person, which the API server takes, and nothing of the administrator', async () => {
    // Prepare
    const admin = await serve();
    // Act
    const { access, until } = await shortLived(admin, ALICE, 'olga', signal);
    // Assess
    const certificate = new X509Certificate(plain(access.clientCertificate));
    expect(certificate.subject.split('\n').toSorted()).toEqual(['CN=alice', 'O=dev', 'O=ops']);
    expect(certificate.checkIssued(new X509Certificate(ca.clientCa))).toBe(true);
    expect(until.getTime() - Date.now()).toBeLessThanOrEqual(3_600_000);
    expect(until.getTime() - Date.now()).toBeGreaterThan(3_500_000);
    expect([access.server, access.ca]).toEqual([admin.server, admin.ca]);
    expect(access.clientKey).not.toBe(admin.clientKey);
    expect(await kubeApi(access, signal)('GET', '/api')).toEqual({});
    expect(asked.slice(0, 3)).toEqual([
      'POST /apis/certificates.k8s.io/v1/certificatesigningrequests',
      'PUT /apis/certificates.k8s.io/v1/certificatesigningrequests/NAME/approval',
      'GET /apis/certificates.k8s.io/v1/certificatesigningrequests/NAME',
    ]);
  });

  it('asks with a request that another implementation reads, whatever the length of its names', async () => {
    for (const count of [0, 1, 5, 20]) {
      const groups = Array.from({ length: count }, (_, index) => `${'g'.repeat(60)}${index}`);
      const { request } = newSigningRequest({ user: 'u'.repeat(64), groups });
      expect(await ca.subjectOf(request)).toEqual({ user: 'u'.repeat(64), groups });
    }
  });

  it.each<[string, (own: string) => Promise<string>]>([
    ['of another person', (own) => ca.signClient(requestIn(own), 3_600, 'O=dev, O=ops, CN=mallory')],
    ['with a group more', (own) => ca.signClient(requestIn(own), 3_600, 'O=dev, O=ops, O=admins, CN=alice')],
    ['of another key', () => ca.signClient(newSigningRequest(ALICE).request, 3_600)],
    ['that lives longer', (own) => ca.signClient(requestIn(own), 86_400)],
    ['of the administrator', () => Promise.resolve(master.cert)],
  ])('is not written with a certificate %s', async (_, forge) => {
    // Prepare
    const admin = await serve(async (path, reply) => {
      if (!/requests\/[^/]+$/.test(path)) return reply;
      const signed = JSON.parse(reply.body) as { status: { certificate: string } };
      signed.status.certificate = base64(await forge(reply.body));
      return { ...reply, body: JSON.stringify(signed) };
    });
    // Act
    const refused = shortLived(admin, ALICE, 'olga', signal);
    // Assess
    await expect(refused).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining('another certificate'),
    });
  });

  it.each<[string, Change, object]>([
    [
      'is forbidden',
      () => ({ status: 403, body: '{"message":"User \\"x\\" cannot create"}' }),
      { exitCode: 4, message: expect.stringContaining('User "x" cannot create') },
    ],
    [
      'has no quorum',
      () => ({ status: 503, body: 'no leader' }),
      { exitCode: 1, message: expect.stringContaining('HTTP 503') },
    ],
    [
      'says something else',
      () => ({ status: 200, body: '[]' }),
      { exitCode: 1, message: expect.stringContaining('something else') },
    ],
    [
      'says too much',
      () => ({ status: 200, body: 'x'.repeat(300_000) }),
      { exitCode: 5, message: expect.stringContaining('256 KiB') },
    ],
    [
      'denies the request',
      (path, reply) => (/requests\/[^/]+$/.test(path) ? { ...reply, body: denied(reply.body) } : reply),
      { exitCode: 1, message: expect.stringContaining('does not sign the certificate: not today') },
    ],
  ])('tells why where the API server %s', async (_, change, expected) => {
    const admin = await serve(change);

    await expect(shortLived(admin, ALICE, 'olga', signal)).rejects.toMatchObject(expected);
  });

  it('is not asked of a server that another CA has signed', async () => {
    const admin = await serve();
    const other = createClusterCa();

    await expect(shortLived({ ...admin, ca: base64(other.serverCa) }, ALICE, 'olga', signal)).rejects.toMatchObject({
      exitCode: 5,
      hint: expect.stringContaining('apiCidrs'),
    });
    expect(asked).toEqual([]);
  });
});

const requestIn = (body: string): string => plain((JSON.parse(body) as { spec: { request: string } }).spec.request);

function denied(body: string): string {
  const request = JSON.parse(body) as { status: object };
  request.status = { conditions: [{ type: 'Denied', status: 'True', message: 'not today' }] };
  return JSON.stringify(request);
}
