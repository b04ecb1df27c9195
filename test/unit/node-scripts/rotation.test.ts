/** What a node takes over of a rotation, under a real bash. Fakes: systemctl, journalctl, the k3s binary. */
import { createPrivateKey } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { certificatesIn, createClusterCa, isSelfSigned } from '../../../packages/aws-simulator/src/k3s/ca.js';
import { TestServer } from './support/http.js';
import { TestNode } from './support/node.js';

let node: TestNode;
let server: TestServer;
beforeEach(async () => {
  node = new TestNode();
  server = await new TestServer().open();
  node.installK3s();
  node.write('fake/nodes', 'shop-server-0-g1   True   True   v1.34.2+k3s1   <none>   10.0.0.1\n');
});
afterEach(async () => {
  await server.close();
  node.destroy();
});

const start = (more: Record<string, string> = {}, urls: Record<string, string> = {}) => {
  const CONFIG_B64 = Buffer.from('node-name: "shop-server-0-g1"\n').toString('base64');
  const params = { ROLE: 'server', NODE_NAME: 'shop-server-0-g1', CONFIG_B64, CONFIG_HASH: 'hash-1', RESTART: 'true' };
  return node.script('service-start', { ...params, ...more }, urls);
};
const calls = () =>
  node.calls().filter((call) => /^(systemctl (stop|start|restart)|k3s certificate rotate)/.test(call));

describe('rotation of certificates', () => {
  const rotated = { ROTATE: 'certificates', ROTATION_REF: 't7' };

  it('stops K3s, lets it remove its certificates, and starts it', async () => {
    await start();
    node.write('var/lib/rancher/k3s/server/tls-1764000000/client-admin.key', 'old');
    const before = calls().length;

    const end = await start(rotated);

    expect(end.job.outcome).toBe('done');
    expect(calls().slice(before)).toEqual([
      'systemctl stop k3s',
      'k3s certificate rotate',
      'systemctl start --no-block k3s',
    ]);
    expect(node.has('var/lib/rancher/k3s/server/tls-1764000000'), 'no old key is kept').toBe(false);
  });

  it('is done once: a repetition only restarts, another rotation begins again', async () => {
    await start(rotated);
    await start(rotated);
    expect(calls().filter((call) => call === 'k3s certificate rotate')).toHaveLength(1);

    await start({ ...rotated, ROTATION_REF: 't8' });
    expect(calls().filter((call) => call === 'k3s certificate rotate')).toHaveLength(2);
  });

  it('starts K3s again as it was when it is refused, and says why', async () => {
    await start();
    node.write('fake/certificate-rotate', 'level=fatal msg="service foo is not recognized"\n');

    const end = await start(rotated);

    expect(end.job.result).toMatchObject({ code: 'RotationFailed' });
    expect(end.job.logTail).toContain('service foo is not recognized');
    expect(calls().at(-1)).toBe('systemctl start --no-block k3s');
  });
});

describe('rotation of the server token', () => {
  const OLD = `K10${'7'.padStart(64, '0')}::server:${'a'.repeat(32)}\n`;
  const urls = () => ({
    NEXT_GET: server.url('/b/next'),
    NEXT_PUT: server.url('/b/next'),
    TOKEN_PUT: server.url('/b/token'),
  });
  const rotate = (ref = 't7') => node.script('rotate', { ROTATE: 'token', ROTATION_REF: ref }, urls());
  const rotations = () => node.calls().filter((call) => call.startsWith('k3s token rotate'));
  const passwordOf = (token = '') => token.trim().split('::server:')[1] ?? '';

  beforeEach(() => node.write('var/lib/rancher/k3s/server/token', OLD));

  it('stores the new token in the bucket before K3s has it, and its secure form afterwards', async () => {
    const end = await rotate();

    expect(end.job).toMatchObject({ outcome: 'done', result: { rotated: 'token' } });
    const [ref, password] = server.stored.get('/b/next')?.trim().split(' ') ?? [];
    expect(ref).toBe('t7');
    expect(password).toMatch(/^[0-9a-f]{32}$/);
    expect(rotations()).toEqual([`k3s token rotate --new-token ${password}`]);
    expect(server.stored.get('/b/token')).toBe(OLD.replace('a'.repeat(32), password ?? ''));
    expect(end.stdout + node.logs()).not.toContain(password);
  });

  it('is done once, wherever it was cut off', async () => {
    await rotate();
    const token = server.stored.get('/b/token');

    await rotate();

    expect(server.stored.get('/b/token')).toBe(token);
    expect(rotations()).toHaveLength(1);
  });

  it('is gone on with on another server with the same token, which that one takes as made', async () => {
    const password = 'b'.repeat(32);
    server.files.set('/b/next', `t7 ${password}\n`);
    node.write('fake/token-rotate', 'level=fatal msg="Error: https://127.0.0.1:6443/v1-k3s/token: 500"\n');
    node.program(
      'journalctl',
      '#!/bin/sh\necho "token-ID: bootstrap data already found and encrypted with different token"\n',
    );

    const end = await rotate();

    expect(end.job).toMatchObject({ outcome: 'done' });
    expect(passwordOf(server.stored.get('/b/token'))).toBe(password);
  });

  it('takes no token of a rotation before', async () => {
    server.files.set('/b/next', `t6 ${'c'.repeat(32)}\n`);

    await rotate();

    expect(passwordOf(server.stored.get('/b/token'))).not.toBe('c'.repeat(32));
  });

  it.each([
    ['401 Unauthorized', 'RotationFailed'],
    ["No help topic for 'rotate'", 'RotationUnsupported'],
  ])('leaves the token in the bucket as it is when K3s says %s', async (says, code) => {
    node.write('fake/token-rotate', `level=fatal msg="Error: ${says}"\n`);

    const end = await rotate();

    expect(end.job.result).toMatchObject({ code });
    expect(server.stored.has('/b/token')).toBe(false);
  });

  it('reaches a server with its next start', async () => {
    const token = OLD.replace('a'.repeat(32), 'd'.repeat(32));
    server.files.set('/b/token', token);

    const end = await start({ ROTATE: 'token', ROTATION_REF: 't7' }, { TOKEN_GET: server.url('/b/token') });

    expect(end.job.outcome).toBe('done');
    expect(node.read('etc/rancher/k3s/server-token')).toBe(token);
  });
});

describe('rotation of the agent token', () => {
  it('stores a new one, the same one when it is repeated, and a server takes its password alone', async () => {
    node.write('var/lib/rancher/k3s/server/token', `K10${'7'.padStart(64, '0')}::server:${'a'.repeat(32)}\n`);
    const rotate = () =>
      node.script(
        'rotate',
        { ROTATE: 'agent-token', ROTATION_REF: 't7' },
        { AGENT_TOKEN_PUT: server.url('/b/agent-token') },
      );

    await rotate();
    const token = server.stored.get('/b/agent-token') ?? '';
    await rotate();
    server.files.set('/b/agent-token', token);
    await start({ ROTATE: 'agent-token', ROTATION_REF: 't7' }, { AGENT_TOKEN_GET: server.url('/b/agent-token') });

    expect(token).toMatch(/^K100{63}7::node:[0-9a-f]{32}\n$/);
    expect(server.stored.get('/b/agent-token')).toBe(token);
    expect(`K10${'7'.padStart(64, '0')}::node:${node.read('etc/rancher/k3s/agent-token')}`).toBe(token);
  });
});

describe('rotation of the encryption key', () => {
  const status = (hashes: string, key = 'aescbckey') =>
    [
      'Encryption Status: Enabled',
      'Current Rotation Stage: start',
      `Server Encryption Hashes: ${hashes}`,
      `Active  Key Type  Name\n------  --------  ----\n *      AES-CBC   ${key}\n`,
    ].join('\n');
  const rotate = () => node.script('rotate', { ROTATE: 'encryption-key', ROTATION_REF: 't7' });
  const rotations = () => node.calls().filter((call) => call.endsWith('rotate-keys'));

  it('is made once, and waited for', async () => {
    node.write('fake/encryption', status('All hashes match'));

    const ends = [await rotate(), await rotate()];

    expect(ends.map(({ job }) => job.outcome)).toEqual(['done', 'done']);
    expect(rotations()).toHaveLength(1);
  });

  it('is not made while servers have different keys, nor where there is none', async () => {
    node.write('fake/encryption', status('hash does not match between a and b'));
    const differ = await rotate();
    node.write('fake/encryption', 'Encryption Status: Disabled, no configuration file found\n');
    const off = await rotate();

    expect(differ.job.result).toMatchObject({ code: 'EncryptionHashesDiffer' });
    expect(off.job.result).toMatchObject({ code: 'RotationUnsupported' });
    expect(rotations()).toEqual([]);
  });
});

describe('rotation of the CA', () => {
  const TLS = 'var/lib/rancher/k3s/server/tls';
  const AUTHORITIES = ['client', 'server', 'request-header', 'etcd/peer', 'etcd/server'];

  it('stages authorities that the old ones sign, with keys that fit, and leaves no key behind', async () => {
    // Prepare
    const ca = createClusterCa();
    for (const [name, { cert, key }] of Object.entries(ca.files)) {
      node.write(`${TLS}/${name}-ca.crt`, cert);
      node.write(`${TLS}/${name}-ca.key`, key);
    }
    node.write(`${TLS}/service.key`, ca.serviceKey);
    node.write('var/lib/rancher/k3s/server/token', `K10${ca.hash}::server:${'a'.repeat(32)}\n`);

    // Act
    const end = await node.script('rotate', { ROTATE: 'ca', ROTATION_REF: 't7' });

    // Assess
    expect(end.job, end.job.logTail).toMatchObject({ outcome: 'done' });
    for (const name of AUTHORITIES) {
      const [own, root, crossed, old] = certificatesIn(node.read(`fake/staged-ca/tls/${name}-ca.crt`));
      if (!own || !root || !crossed || !old) throw new Error(`${name}: not four certificates`);
      expect(own.verify(root.publicKey) && own.verify(crossed.publicKey), `${name}: below the new root`).toBe(true);
      expect(isSelfSigned(root), `${name}: a root`).toBe(true);
      expect(crossed.verify(old.publicKey) && crossed.checkIssued(old), `${name}: signed by the old one`).toBe(true);
      expect(old.toString()).toBe(certificatesIn(ca.files[name as 'client'].cert)[0]?.toString());
      const [key = ''] =
        node.read(`fake/staged-ca/tls/${name}-ca.key`).match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/) ?? [];
      expect(own.checkPrivateKey(createPrivateKey(key))).toBe(true);
    }
    expect(node.read('fake/staged-ca/tls/service.key')).toContain(ca.serviceKey);
    expect(node.has('var/lib/keelson/rotation/t7/ca')).toBe(false);
    expect(end.stdout).not.toContain('PRIVATE KEY');
  });
});
