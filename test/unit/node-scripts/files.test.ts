/** Files, environment, manifests and scripts of a node under a real bash and curl, from a bucket of our own. */
import { createHash } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_FILES, type NodeFiles } from '#src/model/node-files/wanted.js';
import { bundleText } from '#src/node-scripts/bundle.js';
import { TestServer } from './support/http.js';
import { TestNode } from './support/node.js';

const MANIFESTS = 'var/lib/rancher/k3s/server/manifests';

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

/** Runs a script of a server whose bundle holds these. */
function withFiles(script: string, files: Partial<NodeFiles>, more: Record<string, string> = {}) {
  const text = bundleText({ ...NO_FILES, ...files });
  server.files.set('/b/files', text);
  const params = {
    ROLE: 'server',
    NODE_NAME: 'shop-server-0-g1',
    CONFIG: 'cluster-init: true',
    CONFIG_HASH: 'hash-1',
    FILES_SHA256: createHash('sha256').update(text).digest('hex'),
    HOOK_SECONDS: '5',
    ...more,
  };
  const tokens = { TOKEN_PUT: server.url('/b/token'), AGENT_TOKEN_PUT: server.url('/b/agent-token') };
  return node.script(script, params, { FILES_GET: server.url('/b/files'), ...(script === 'bootstrap' && tokens) });
}
const set = (files: Partial<NodeFiles>, more: Record<string, string> = {}) => withFiles('set-manifests', files, more);

const REGISTRIES = { path: '/etc/rancher/k3s/registries.yaml', mode: '0640', content: 'mirrors: {}\n$x `y` "z" \\\n' };

describe('files of a node', () => {
  it('are put in place byte by byte, with their modes, and K3s gets its environment', async () => {
    const end = await set({
      files: [REGISTRIES],
      environment: { NO_PROXY: '10.0.0.0/8', HTTPS_PROXY: 'http://p:3128' },
    });

    expect(end.job.outcome).toBe('done');
    expect(node.read(REGISTRIES.path)).toBe(REGISTRIES.content);
    expect(statSync(node.path(REGISTRIES.path)).mode & 0o777).toBe(0o640);
    expect(node.read('etc/systemd/system/k3s.service.env')).toBe(
      'HTTPS_PROXY="http://p:3128"\nNO_PROXY="10.0.0.0/8"\n',
    );
  });

  it('go when the document has them no longer, and those of others stay', async () => {
    await set({ files: [REGISTRIES], environment: { A: 'b' }, manifests: [{ name: 'cilium', content: 'kind: A\n' }] });
    node.write('etc/rancher/k3s/other', 'x');
    node.write(`${MANIFESTS}/traefik.yaml`, 'x');

    const end = await set({});

    expect(end.job.result).toMatchObject({ gone: 'cilium' });
    expect(node.has(REGISTRIES.path)).toBe(false);
    expect(node.has('etc/systemd/system/k3s.service.env')).toBe(false);
    expect(node.has(`${MANIFESTS}/keelson-cilium.yaml`)).toBe(false);
    expect(node.has('etc/rancher/k3s/other')).toBe(true);
    expect(node.has(`${MANIFESTS}/traefik.yaml`)).toBe(true);
  });

  it('are refused when they are not those that Keelson has stored', async () => {
    const end = await set({ files: [REGISTRIES] }, { FILES_SHA256: '0'.repeat(64) });

    expect(end.job).toMatchObject({ outcome: 'failed', result: { code: 'FilesChanged' } });
    expect(node.has(REGISTRIES.path)).toBe(false);
  });

  it('leave a manifest alone that has not changed: K3s applies what has', async () => {
    const manifests = [{ name: 'cilium', content: 'kind: A\n' }];
    await set({ manifests });
    const before = statSync(node.path(MANIFESTS, 'keelson-cilium.yaml')).ino;

    await set({ manifests, environment: { A: 'b' } });
    const after = statSync(node.path(MANIFESTS, 'keelson-cilium.yaml')).ino;
    await set({ manifests: [{ name: 'cilium', content: 'kind: B\n' }] });

    expect(after).toBe(before);
    expect(node.read(`${MANIFESTS}/keelson-cilium.yaml`)).toBe('kind: B\n');
  });
});

describe('a change by hand', () => {
  const manifests = [{ name: 'cilium', content: 'kind: A\n' }];
  const probe = async () => (await node.script('probe', { ROLE: 'server' })).job.result['altered'];

  it('is seen in configuration, files, manifests and environment, and gone when they are written again', async () => {
    // Prepare
    const files = { files: [REGISTRIES], manifests, environment: { A: 'b' } };
    await withFiles('bootstrap', files);
    const before = await probe();
    node.write('etc/rancher/k3s/config.yaml', 'debug: true\n');
    node.write(REGISTRIES.path, 'other');
    node.write(`${MANIFESTS}/keelson-cilium.yaml`, 'kind: B\n');
    node.write('etc/systemd/system/k3s.service.env', 'A="c"\n');

    // Act
    const altered = await probe();
    await withFiles('service-start', files, { RESTART: 'true' });
    const after = await probe();

    // Assess
    expect([before, after]).toEqual(['none', 'none']);
    expect(altered?.split(',').sort()).toEqual([
      'config.yaml',
      'environment',
      `file:${REGISTRIES.path}`,
      'manifest:cilium',
    ]);
  });

  it('is seen where a manifest was deleted, which is put back', async () => {
    // Prepare
    await withFiles('bootstrap', { manifests });
    rmSync(node.path(MANIFESTS, 'keelson-cilium.yaml'));

    // Act
    const altered = await probe();
    await set({ manifests });

    // Assess
    expect(altered).toBe('manifest:cilium');
    expect(node.read(`${MANIFESTS}/keelson-cilium.yaml`)).toBe('kind: A\n');
    expect(await probe()).toBe('none');
  });

  it('is not taken for one when Keelson itself writes labels', async () => {
    await withFiles('bootstrap', {});

    await node.script('write-labels', { LABELS: 'node-label: ["a=b"]', TAINTS: '' });

    expect(node.read('etc/rancher/k3s/config.yaml')).toContain('a=b');
    expect(await probe()).toBe('none');
  });
});

describe('scripts of a node', () => {
  it('run once, before and after K3s is started, and see no secret of the job', async () => {
    const before = 'echo before $ROLE $NODE_NAME >>"$KEELSON_ROOT/ran"; [ -z "${FILES_GET:-}${KEELSON_JOB:-}" ]';
    const after = 'echo after >>"$KEELSON_ROOT/ran"; grep -q "start --no-block k3s" "$KEELSON_ROOT/fake/calls.log"';

    const first = await withFiles('bootstrap', { before, after });
    const second = await withFiles('bootstrap', { before, after });

    expect([first.job.outcome, second.job.outcome]).toEqual(['done', 'done']);
    expect(node.read('ran')).toBe('before server shop-server-0-g1\nafter\n');
  });

  it('that fail are the cause, with what they said last, and run again', async () => {
    const first = await withFiles('bootstrap', { before: 'echo one; echo "no such package: nfs" >&2; exit 3' });
    const second = await withFiles('bootstrap', { before: 'echo mended' });

    expect(first.job).toMatchObject({ outcome: 'failed', result: { code: 'HookFailed' } });
    expect(first.job.logTail).toContain('error: node.before ended with 3: no such package: nfs');
    expect(node.calls().filter((call) => call.startsWith('systemctl start'))).toHaveLength(1);
    expect(second.job.outcome).toBe('done');
  });

  it('that take too long are ended, and K3s is not started', async () => {
    const end = await withFiles(
      'bootstrap',
      { before: 'echo waiting for a lock; exec sleep 60' },
      { HOOK_SECONDS: '1' },
    );

    expect(end.job).toMatchObject({ outcome: 'failed', result: { code: 'HookTimedOut' } });
    expect(end.job.logTail).toContain('node.before was ended after 1 s: waiting for a lock');
    expect(node.calls().filter((call) => call.startsWith('systemctl start'))).toEqual([]);
  });
});

describe('the unit of K3s', () => {
  it("reads the environment from where K3s's installer puts it", async () => {
    await node.script('install', {
      ROLE: 'server',
      K3S_VERSION: 'v1.34.2+k3s1',
      K3S_MIRROR: server.base,
      ARCH: 'amd64',
    });

    const unit = node.read('etc/systemd/system/k3s.service');
    expect(unit).toContain(`EnvironmentFile=-${node.root}/etc/default/%N\n`);
    expect(unit).toContain(`EnvironmentFile=-${node.root}/etc/systemd/system/k3s.service.env\n`);
  });
});

describe('delete-manifests', () => {
  it('deletes what a manifest has made and the record that K3s keeps, and tells what it has no copy of', async () => {
    await set({ manifests: [{ name: 'team', content: 'kind: A\n' }] });
    await set({});

    const end = await node.script('delete-manifests', { MANIFESTS_GONE: 'team other' });

    expect(end.job).toMatchObject({ outcome: 'done', result: { deleted: '1', left: 'other' } });
    const calls = node.calls().filter((call) => call.includes('kubectl delete'));
    expect(calls[0]).toContain(`-f ${node.root}/var/lib/keelson/files/removed/team.yaml`);
    expect(calls[1]).toContain('addons.k3s.cattle.io/keelson-team');
  });
});
