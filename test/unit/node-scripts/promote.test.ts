/**
 * A learner asks etcd to let it vote, under a real bash and curl: gRPC over HTTP/2 with certificates, to a server of Node's that speaks both. That
 * etcd itself understands the question, `npm run test:real` shows. Fakes: systemctl, journalctl, the k3s binary, etcd's metrics.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import { join as joined } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from './support/http.js';
import { TestNode, until } from './support/node.js';

/** An address of this computer alone, for etcd's fixed port. */
const VOTER = '127.0.23.79';
const TLS = 'var/lib/rancher/k3s/server/tls/etcd';
const metrics = (learner: 0 | 1, id = '8e9e05c52164694d') =>
  `# HELP etcd_server_id x\netcd_server_id{server_id="${id}"} 1\netcd_server_is_learner ${learner}\n`;

interface Asked {
  path: string;
  type: string;
  client: string;
  body: string;
}

let node: TestNode;
let bucket: TestServer;
let etcd: Http2SecureServer | undefined;
let asked: Asked[];
beforeEach(async () => {
  node = new TestNode();
  bucket = await new TestServer().open();
  bucket.files.set('/b/token', `K10${'7'.padStart(64, '0')}::server:a\n`);
  bucket.files.set('/b/agent-token', `K10${'7'.padStart(64, '0')}::node:b\n`);
  node.installK3s();
  node.write('fake/nodes', 'shop-server-1-g1   True   True   v1.34.2+k3s1   <none>   10.0.0.1\n');
  asked = [];
});
afterEach(async () => {
  etcd?.close();
  etcd = undefined;
  await bucket.close();
  node.destroy();
});

const join = (more: Record<string, string> = {}) =>
  node.script(
    'join',
    {
      ROLE: 'server',
      NODE_NAME: 'shop-server-1-g1',
      CONFIG_B64: Buffer.from(`node-name: "shop-server-1-g1"\nserver: "https://${VOTER}:6443"\n`).toString('base64'),
      CONFIG_HASH: 'hash-1',
      ...more,
    },
    { TOKEN_GET: bucket.url('/b/token'), AGENT_TOKEN_GET: bucket.url('/b/agent-token') },
  );

/** One certificate for both sides, and its own authority. */
function certificates(): { key: Buffer; cert: Buffer } {
  const dir = node.path(TLS);
  mkdirSync(dir, { recursive: true });
  const [key, cert] = [joined(dir, 'client.key'), joined(dir, 'client.crt')];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const names = ['-subj', '/CN=etcd-client', '-addext', `subjectAltName=IP:${VOTER}`];
  execFileSync('openssl', [...made, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  execFileSync('cp', [cert, joined(dir, 'server-ca.crt')]);
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

/** @param answers in turn; the last one again and again */
async function voter(answers: ('behind' | 'done')[]): Promise<void> {
  const { key, cert } = certificates();
  etcd = createSecureServer({ key, cert, ca: cert, requestCert: true, rejectUnauthorized: true });
  etcd.on('stream', (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      // Of a secure server it is one.
      const socket = stream.session?.socket as TLSSocket | undefined;
      asked.push({
        path: String(headers[':path']),
        type: String(headers['content-type']),
        client: String(socket?.getPeerCertificate().subject.CN),
        body: Buffer.concat(chunks).toString('hex'),
      });
      const isDone = answers[Math.min(asked.length, answers.length) - 1] === 'done';
      if (isDone) node.write('fake/etcd/metrics', metrics(0));
      stream.respond({ ':status': 200, 'content-type': 'application/grpc', 'grpc-status': isDone ? '0' : '9' });
      stream.end();
    });
  });
  await new Promise<void>((resolve) => etcd?.listen(2379, VOTER, resolve));
}

describe('a server that has joined as a learner', () => {
  it('asks a voter for its vote until etcd grants it, with the certificates of K3s', async () => {
    node.write('fake/etcd/metrics', metrics(1));
    await voter(['behind', 'done']);

    const end = await join();

    expect(end.job.outcome).toBe('done');
    expect(asked).toEqual(
      Array(2).fill({
        path: '/etcdserverpb.Cluster/MemberPromote',
        type: 'application/grpc',
        client: 'etcd-client',
        // Flag, length, then field 1: the id as a varint.
        body: '000000000b08cdd2918bd2b881cf8e01',
      }),
    );
  });

  it.each([
    ['0000000000000001', '0881808080808080808000'],
    ['80a21ce4dda94f8c', '088c9fa5edcd9c87d18001'],
    ['ffffffffffffffff', '08ffffffffffffffffff01'],
    ['1a2b3c', '08bcd6e880808080808000'],
  ])('asks for the member %s', async (id, message) => {
    node.write('fake/etcd/metrics', metrics(1, id));
    await voter(['done']);

    await join();

    expect(asked.map(({ body }) => body)).toEqual([`000000000b${message}`]);
  });

  it('waits for K3s to promote it where no voter answers, and where its certificates are not there yet', async () => {
    node.write('fake/etcd/metrics', metrics(1));
    const ended = join();
    await until(() => node.logs().includes('waiting for: etcd to promote shop-server-1-g1 to a voter'));
    certificates();
    node.write('fake/etcd/metrics', metrics(0));

    expect((await ended).job.outcome).toBe('done');
  });
});

describe('a learner whose etcd waits for its own announcement', () => {
  const waiting = (applied: string, pending = 1, learner: 0 | 1 = 1) =>
    `${metrics(learner)}etcd_server_has_leader 1\netcd_server_proposals_pending ${pending}\n` +
    `etcd_server_proposals_applied_total ${applied}\netcd_server_proposals_committed_total 1042\n`;
  const restarts = () => node.calls().filter((call) => call === 'systemctl restart --no-block k3s');

  it('restarts K3s once, before it asks for its vote', async () => {
    node.write('fake/start-state', 'activating\n');
    node.write('fake/etcd/metrics', waiting('1042'));
    await voter(['done']);
    const ended = join();
    await until(() => restarts().length > 0);
    expect(asked).toEqual([]);
    // It waits on after the restart: then the vote is asked for all the same.
    await until(() => asked.length > 0);
    node.write('fake/k3s.state', 'active\n');

    expect((await ended).job.outcome).toBe('done');
    expect(restarts()).toHaveLength(1);
    expect(node.logs()).toContain('restarting k3s: the snapshot that etcd began with holds its announcement');
  });

  it.each([
    ['has not all that is committed', waiting('1041')],
    ['has no snapshot yet', waiting('0')],
  ])('neither restarts K3s nor asks for its vote while its member %s', async (_, told) => {
    node.write('fake/start-state', 'activating\n');
    node.write('fake/etcd/metrics', told);
    await voter(['done']);
    const ended = join();
    const looks = () => node.calls().filter((call) => call === 'systemctl is-active k3s').length;
    await until(() => looks() > 3);
    expect(asked).toEqual([]);
    // The announcement has arrived.
    node.write('fake/etcd/metrics', waiting('1042', 0));
    await until(() => asked.length > 0);
    node.write('fake/k3s.state', 'active\n');

    expect((await ended).job.outcome).toBe('done');
    expect(restarts()).toEqual([]);
  });

  it.each([
    ['waits,waits,waits,waits', 'restart ask'],
    ['waits,,waits,waits', 'ask restart'],
    [',waits,,waits', 'ask ask'],
    ['comes,comes,waits,waits', 'restart ask'],
    ['waits,comes,waits,,', 'ask ask'],
    [`${'comes,'.repeat(10)},`, 'ask'],
  ])('is one that two looks in a row have found so (%s)', (looks, done) => {
    const told = 'announcement() { local at; read -r at <"$AT"; printf %s "${looks[at]}"; echo $((at + 1)) >"$AT"; }';
    const stubs = `${told}; ask_for_vote() { echo ask; }; systemctl() { echo "$1"; }`;
    const others = 'say() { :; }; sleep() { :; }; unit_of() { echo k3s; }';
    node.write('at', '0\n');
    const script = `. src/node-scripts/lib/announce.sh; ROLE=server; looks=("$@"); ${stubs}; ${others}; help_start; help_start`;

    const options = { encoding: 'utf8', env: { ...process.env, AT: node.path('at') } } as const;
    const output = execFileSync('bash', ['-c', script, 'bash', ...looks.split(',')], options);

    expect(output.trim().split('\n').join(' ')).toBe(done);
  });

  it('leaves a member alone that votes', async () => {
    node.write('fake/start-state', 'activating\n');
    node.write('fake/etcd/metrics', waiting('1042', 1, 0));
    const ended = join();
    const looks = () => node.calls().filter((call) => call === 'systemctl is-active k3s').length;
    await until(() => looks() > 5);
    node.write('fake/k3s.state', 'active\n');

    expect((await ended).job.outcome).toBe('done');
    expect(restarts()).toEqual([]);
  });
});

describe('a server that votes, and an agent', () => {
  it.each([['server'], ['agent']])('asks for nothing (%s)', async (role) => {
    node.write('fake/etcd/metrics', metrics(role === 'agent' ? 1 : 0));
    await voter(['done']);

    expect((await join({ ROLE: role })).job.outcome).toBe('done');
    expect(asked).toEqual([]);
  });
});
