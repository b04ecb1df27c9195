/**
 * found, join, service-start, service-stop and reset-member under a real bash and curl; tokens go to our own server, which
 * refuses a PUT without a length as S3 does. Fakes: systemctl, journalctl, the k3s binary.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TestServer } from './support/http.js';
import { members } from './support/members.js';
import { isRunning, TestNode, until } from './support/node.js';

const SECURE = (kind: string, password: string) => `K10${'7'.padStart(64, '0')}::${kind}:${password}\n`;
const ETC = 'etc/rancher/k3s';

let node: TestNode;
let server: TestServer;
beforeEach(async () => {
  node = new TestNode();
  server = await new TestServer().open();
  node.installK3s();
  node.write(
    'fake/nodes',
    'shop-server-0-g1   True   True   v1.34.2+k3s1   <none>   10.0.0.1\nshop-w-0-g1   True   <none>   v   <none>   10.0.0.9\n',
  );
});
afterEach(async () => {
  await server.close();
  node.destroy();
});

const CONFIG = 'cluster-init: true\nnode-name: "shop-server-0-g1"\n';
const params = (more: Record<string, string> = {}) => ({
  ROLE: 'server',
  NODE_NAME: 'shop-server-0-g1',
  CONFIG_B64: Buffer.from(CONFIG).toString('base64'),
  CONFIG_HASH: 'hash-1',
  ...more,
});
const found = (more: Record<string, string> = {}) =>
  node.script('bootstrap', params(more), {
    TOKEN_PUT: server.url('/b/token'),
    AGENT_TOKEN_PUT: server.url('/b/agent-token'),
  });
const join = (more: Record<string, string> = {}) =>
  node.script('join', params(more), {
    TOKEN_GET: server.url('/b/token'),
    AGENT_TOKEN_GET: server.url('/b/agent-token'),
  });
const starts = () => node.calls().filter((call) => /^systemctl (re)?start/.test(call));
const mode = (path: string) => statSync(node.path(path)).mode & 0o777;

describe('bootstrap', () => {
  it('starts K3s with configuration and tokens of mode 0600, and stores both secure tokens', async () => {
    const end = await found();

    expect(end.job).toMatchObject({ outcome: 'done', result: { node: 'shop-server-0-g1', ready: 'true' } });
    expect(node.read(`${ETC}/config.yaml`)).toBe(
      `${CONFIG}token-file: "${node.root}/${ETC}/server-token"\nagent-token-file: "${node.root}/${ETC}/agent-token"\n`,
    );
    expect(['config.yaml', 'server-token', 'agent-token'].map((file) => mode(`${ETC}/${file}`))).toEqual([
      0o600, 0o600, 0o600,
    ]);
    expect(node.read(`${ETC}/server-token`)).toMatch(/^[0-9a-f]{32}$/);
    expect(starts()).toEqual(['systemctl start --no-block k3s']);
    // Not before its configuration is there: a boot would start a K3s that founds a cluster of its own.
    expect(node.calls()).toContain('systemctl enable k3s');
    expect(server.stored.get('/b/token')).toBe(SECURE('server', node.read(`${ETC}/server-token`)));
    expect(server.stored.get('/b/agent-token')).toBe(SECURE('node', node.read(`${ETC}/agent-token`)));
  });

  it('stores the server token as soon as K3s has written it, and the agent token when the unit is active', async () => {
    node.write('fake/start-state', 'activating');
    const ended = found();
    await until(() => server.stored.has('/b/token'));
    expect(server.stored.has('/b/agent-token')).toBe(false);
    node.write('fake/k3s.state', 'active\n');

    expect((await ended).job).toMatchObject({ outcome: 'done', result: { ready: 'true' } });
    expect(server.stored.get('/b/token')).toBe(SECURE('server', node.read(`${ETC}/server-token`)));
    expect(server.requests.filter((one) => one.startsWith('PUT /b/'))).toEqual(['PUT /b/token', 'PUT /b/agent-token']);
  });

  it('stores the token again that K3s has written otherwise when the unit is active', async () => {
    node.write('fake/start-state', 'activating');
    const ended = found();
    await until(() => server.stored.has('/b/token'));
    node.write('var/lib/rancher/k3s/server/token', SECURE('server', 'c'.repeat(32)));
    node.write('fake/k3s.state', 'active\n');

    expect((await ended).job.outcome).toBe('done');
    expect(server.stored.get('/b/token')).toBe(SECURE('server', 'c'.repeat(32)));
  });

  it('is done when the unit is active, before there is a Node or a word of K3s about who votes', async () => {
    node.write('fake/nodes', '');
    node.write('fake/etcd/metrics', 'etcd_server_is_learner 0\n');

    const end = await found();

    expect(end.job).toMatchObject({ outcome: 'done', result: { ready: 'true' } });
    expect(server.stored.has('/b/token')).toBe(true);
    expect(node.calls().filter((call) => call.startsWith('k3s kubectl'))).toEqual([]);
  });

  it('run again stores the same tokens and starts nothing', async () => {
    await found();
    const token = server.stored.get('/b/token');
    server.stored.clear();

    const end = await found();

    expect(end.job.outcome).toBe('done');
    expect(starts()).toHaveLength(1);
    expect(server.stored.get('/b/token')).toBe(token);
  });

  it('has no secret in its script, its log and its report', async () => {
    const end = await found();
    const secret = node.read(`${ETC}/server-token`);

    for (const job of readdirSync(node.path('var/lib/keelson/jobs'))) {
      for (const file of ['script', 'log', 'result']) {
        expect(readFileSync(node.jobFile(job, file), 'utf8')).not.toMatch(new RegExp(`${secret}|5ec4e7`));
      }
    }
    expect(end.stdout).not.toMatch(new RegExp(`${secret}|5ec4e7`));
  });

  it('says that a URL has expired, without showing it', async () => {
    server.failures.set('/b/token', [403]);

    const end = await found();

    expect(end.job.result).toMatchObject({ code: 'BucketRefused' });
    expect(end.job.logTail).toMatch(/error: storing the token in the bucket: HTTP 403 \(a 403 is an expired URL/);
    expect(end.stdout).not.toContain('5ec4e7');
  });
});

describe('join', () => {
  beforeEach(() => {
    server.files.set('/b/token', SECURE('server', 'a'.repeat(32)));
    server.files.set('/b/agent-token', SECURE('node', 'b'.repeat(32)));
  });

  it('gives a server the secure token, and the agent token in the short form that servers take', async () => {
    const end = await join();

    expect(end.job).toMatchObject({ outcome: 'done', result: { node: 'shop-server-0-g1' } });
    expect(node.read(`${ETC}/server-token`)).toBe(SECURE('server', 'a'.repeat(32)));
    expect(node.read(`${ETC}/agent-token`)).toBe(`${'b'.repeat(32)}\n`);
    expect(server.stored.size).toBe(0);
  });

  it('gives an agent the secure agent token and no server token; it is done when its unit is active', async () => {
    const end = await join({ ROLE: 'agent', NODE_NAME: 'shop-w-0-g1' });

    expect(end.job).toMatchObject({ outcome: 'done', result: { node: 'shop-w-0-g1' } });
    expect(node.read(`${ETC}/agent-token`)).toBe(SECURE('node', 'b'.repeat(32)));
    expect(node.has(`${ETC}/server-token`)).toBe(false);
    expect(node.read(`${ETC}/config.yaml`)).toContain(`\ntoken-file: "${node.root}/${ETC}/agent-token"\n`);
    expect(starts()).toEqual(['systemctl start --no-block k3s-agent']);
  });

  it('waits while etcd calls the server a learner, whatever the Node says', async () => {
    node.write('fake/etcd/metrics', 'etcd_server_is_learner 1\n');
    const ended = join();
    await until(() => node.logs().includes('waiting for: etcd to promote shop-server-0-g1 to a voter'));
    node.write('fake/etcd/metrics', '# TYPE etcd_server_is_learner gauge\netcd_server_is_learner 0\n');

    expect((await ended).job.outcome).toBe('done');
  });

  it('is done when etcd calls the server a voter, and reports that although the Node condition is late', async () => {
    node.write('fake/nodes', 'shop-server-0-g1   True   <none>   v   <none>   10.0.0.1\n');
    node.write('fake/etcd/metrics', 'etcd_server_is_learner 0\n');
    node.write('fake/members', members(['shop-server-0-g1-0a1b2c3d', '10.0.0.1', 'voter']));

    const end = await join();

    expect(end.job).toMatchObject({
      outcome: 'done',
      result: { voters: '1', 'node.shop-server-0-g1': 'True,True,v,true,10.0.0.1,-' },
    });
  });

  it('waits a moment for its node to be Ready, and reports it then', async () => {
    node.write('fake/nodes', 'shop-server-0-g1   False   True   v   <none>   10.0.0.1\n');
    const ended = join();
    await until(() => node.logs().includes('waiting for: node shop-server-0-g1 (Ready: False)'));
    node.write('fake/nodes', 'shop-server-0-g1   True   True   v   <none>   10.0.0.1\n');

    const end = await ended;
    expect(end.job.outcome).toBe('done');
    expect(end.job.result['node.shop-server-0-g1']).toMatch(/^True,/);
  });

  it('is done without that node being Ready, as it stays where no network plugin runs', async () => {
    node.write('fake/nodes', 'shop-server-0-g1   False   True   v   <none>   10.0.0.1\n');

    const end = await join();
    expect(end.job.outcome).toBe('done');
    expect(end.job.result['node.shop-server-0-g1']).toMatch(/^False,/);
  });

  it('fails with TokenMissing when the bucket has none', async () => {
    server.files.clear();

    const end = await join();

    expect(end.job.result).toEqual({ code: 'TokenMissing' });
    expect(starts()).toEqual([]);
  });

  describe('sent before the first server is there', () => {
    const launched = new Date('2026-11-29T04:00:00Z');
    const CA = '7'.repeat(64);
    const store = (name: 'token' | 'agent-token', password: string, seconds: number, ca = CA) => {
      const kind = name === 'token' ? 'server' : 'node';
      server.files.set(`/b/${name}`, `K10${ca}::${kind}:${password.repeat(32)}\n`);
      server.modified.set(`/b/${name}`, new Date(launched.getTime() + seconds * 1_000));
    };
    const sent = (seconds = '15') => join({ TOKEN_SINCE: launched.toUTCString(), TOKEN_WAIT: seconds });
    const isWaiting = () => node.logs().includes('waiting for: the first server to store its tokens');
    const asked = (name: string) => server.requests.filter((one) => one === `GET /b/${name}`).length;
    beforeEach(() => server.files.clear());

    it('waits for its tokens and takes no older ones', async () => {
      store('token', 'e', -60);
      store('agent-token', 'e', -60);
      const ended = sent();
      await until(isWaiting);
      expect(starts()).toEqual([]);
      store('token', 'a', 30);
      store('agent-token', 'b', 30);

      expect((await ended).job.outcome).toBe('done');
      expect(node.read(`${ETC}/server-token`)).toBe(`K10${CA}::server:${'a'.repeat(32)}\n`);
      expect(node.read(`${ETC}/agent-token`)).toBe(`${'b'.repeat(32)}\n`);
      expect(node.logs()).not.toContain('curl:');
    });

    it('starts with what it has waited for, and fetches nothing twice', async () => {
      store('token', 'a', 30);
      const ended = sent();
      await until(() => asked('agent-token') > 1);
      server.files.delete('/b/token');
      store('agent-token', 'b', 30);

      expect((await ended).job.outcome).toBe('done');
      expect(asked('token')).toBe(1);
      expect(node.read(`${ETC}/server-token`)).toContain('a'.repeat(32));
    });

    it('takes no server token of a first server that did not come up', async () => {
      store('token', 'f', 30, '1'.repeat(64));
      const ended = sent();
      await until(() => asked('agent-token') > 1);
      store('token', 'a', 40);
      store('agent-token', 'b', 41);

      expect((await ended).job.outcome).toBe('done');
      expect(node.read(`${ETC}/server-token`)).toBe(`K10${CA}::server:${'a'.repeat(32)}\n`);
    });
  });

  it('gives up, says so and does nothing, when the first server does not come up', async () => {
    server.files.clear();

    const end = await join({ TOKEN_SINCE: new Date().toUTCString(), TOKEN_WAIT: '0' });

    expect(end.job).toMatchObject({ outcome: 'done', result: { waited: 'in-vain' } });
    expect(starts()).toEqual([]);
  });

  it.each([
    ['TokenRejected', 'level=fatal msg="token CA hash does not match the Cluster CA certificate hash: 1 != 2"'],
    ['NodeNameTaken', 'level=error msg="Node password rejected, duplicate hostname"'],
    ['ConfigMismatch', 'level=fatal msg="critical configuration value mismatch between servers"'],
  ])('gives up with %s when K3s starts again and again for a reason that stays', async (code, line) => {
    node.write('fake/start-state', 'activating');
    node.write('fake/journal', `${line}\n`);

    const end = await join();

    expect(end.job).toMatchObject({ outcome: 'failed', result: { code } });
    expect(end.job.logTail).toContain(line);
  });

  it('fails with ServiceFailed and the journal when the unit has failed', async () => {
    node.write('fake/start-state', 'failed');
    node.write('fake/journal', 'out of tea\n');

    const end = await join();

    expect(end.job.result).toEqual({ code: 'ServiceFailed' });
    expect(end.job.logTail).toContain('journal of k3s:\nout of tea');
  });
});

describe('service-start', () => {
  beforeEach(async () => {
    await found();
  });

  it('restarts for another configuration, once', async () => {
    const changed = { CONFIG_B64: '', CONFIG: `${CONFIG}debug: true\n`, CONFIG_HASH: 'hash-2' };

    await node.script('service-start', params(changed));
    const end = await node.script('service-start', params(changed));

    expect(end.job.outcome).toBe('done');
    expect(starts()).toEqual(['systemctl start --no-block k3s', 'systemctl restart --no-block k3s']);
    expect(node.read(`${ETC}/config.yaml`)).toContain('debug: true\n');
  });

  it('restarts for another binary', async () => {
    node.write('usr/local/bin/k3s', node.read('usr/local/bin/k3s').replace('v1.34.2+k3s1', 'v1.35.0+k3s1'));

    await node.script('service-start', params());

    expect(starts().at(-1)).toBe('systemctl restart --no-block k3s');
  });

  it('restarts what runs with this configuration when told to, once a job', async () => {
    await node.script('service-start', params());
    const end = await node.script('service-start', params({ RESTART: 'true' }));

    expect(end.job.outcome).toBe('done');
    expect(starts()).toEqual(['systemctl start --no-block k3s', 'systemctl restart --no-block k3s']);
  });

  it('starts what was stopped', async () => {
    await node.script('service-stop', { ROLE: 'server' });

    await node.script('service-start', params());

    expect(starts()).toEqual(['systemctl start --no-block k3s', 'systemctl start --no-block k3s']);
  });
});

describe('service-stop', () => {
  it('stops the unit, then ends the processes of its cgroup and of the pods, and of no one else', async () => {
    await found();
    const stubborn = ['-c', 'trap "" TERM; for i in $(seq 600); do sleep 0.1; done'];
    const [shim, pod, stranger] = [spawn('sleep', ['60']), spawn('sleep', ['60']), spawn('sh', stubborn)];
    const cgroup = 'sys/fs/cgroup';
    node.write(`${cgroup}/system.slice/k3s.service/cgroup.procs`, `${shim.pid}\n`);
    node.write(`${cgroup}/kubepods.slice/kubepods-x/cgroup.procs`, `${pod.pid}\n`);
    node.write(`${cgroup}/system.slice/sshd.service/cgroup.procs`, `${stranger.pid}\n`);
    // The kernel takes the ended out of these files; here the test does.
    shim.on('exit', () => node.write(`${cgroup}/system.slice/k3s.service/cgroup.procs`, ''));
    pod.on('exit', () => node.write(`${cgroup}/kubepods.slice/kubepods-x/cgroup.procs`, ''));

    const end = await node.script('service-stop', { ROLE: 'server' });

    expect(end.job).toMatchObject({ outcome: 'done', result: { stopped: 'true' } });
    expect(node.calls()).toContain('systemctl stop k3s');
    expect([shim, pod, stranger].map((child) => isRunning(child.pid ?? 0))).toEqual([false, false, true]);
    stranger.kill('SIGKILL');
  });

  it('is content with what is stopped already', async () => {
    const end = await node.script('service-stop', { ROLE: 'agent' });

    expect(end.job).toMatchObject({ outcome: 'done', result: { stopped: 'true' } });
    expect(node.calls()).not.toContain('systemctl stop k3s-agent');
  });
});

describe('reset-member', () => {
  it('sets the database of a removed member aside, once', async () => {
    await found();
    node.write('fake/nodes', '');

    const first = await node.script('reset-member', { NODE_NAME: 'shop-server-0-g1' });
    const second = await node.script('reset-member', { NODE_NAME: 'shop-server-0-g1' });

    expect(first.job.result).toEqual({ reset: 'true' });
    expect(second.job.result).toEqual({ reset: 'false' });
    expect(node.has('var/lib/rancher/k3s/server/db.removed/etcd')).toBe(true);
    expect(node.has('var/lib/rancher/k3s/server/db')).toBe(false);
  });

  it('refuses to take the database from a voter', async () => {
    await found();
    mkdirSync(node.path('var/lib/rancher/k3s/server/db/etcd'), { recursive: true });

    const end = await node.script('reset-member', { NODE_NAME: 'shop-server-0-g1' });

    expect(end.job.result).toEqual({ code: 'MemberIsVoter' });
    expect(node.has('var/lib/rancher/k3s/server/db/etcd')).toBe(true);
  });
});
