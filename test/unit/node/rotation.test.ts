/** What a node takes over of a rotation, under a real bash. Fakes: systemctl, journalctl, the k3s binary. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
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
