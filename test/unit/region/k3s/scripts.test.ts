/**
 * Keelson's own node scripts on the region's machines, sent by the real SSM client: what neither side's own tests can show. The same on paper, where
 * rules answer in the place of scripts.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { GetCommandInvocationCommand, SendCommandCommand } from '@aws-sdk/client-ssm';
import { afterEach, describe, expect, it } from 'vitest';
import type { NodeFiles } from '#src/model/node-files/wanted.js';
import { bundleText } from '#src/node-scripts/bundle.js';
import {
  type FoundingInput,
  type JobOutput,
  parseJobOutput,
  renderCommand,
  renderFounding,
  renderUserData,
} from '#src/node-scripts/render.js';
import { reportedKey, seal, urlLines } from '#src/node-scripts/seal.js';
import type { Instance } from '../../../../packages/aws-simulator/src/contract.js';
import { createMachineHost } from '../../../../packages/aws-simulator/src/machine/host.js';
import type { Machine } from '../../../../packages/aws-simulator/src/machine/machine.js';
import { createPaperHost } from '../../../../packages/aws-simulator/src/paper/host.js';
import { addStaleNode, changeMachine } from '../machine/admin-api.js';
import { journal, type RegionFixture, startRegionFixture, until } from '../machine/fixture.js';

let fixture: RegionFixture;
afterEach(() => fixture.close());

const VERSION = 'v1.34.2+k3s1';
const base64 = (text: string) => Buffer.from(text).toString('base64');
let jobs = 0;

async function run(
  machine: Machine,
  script: string,
  params: Record<string, string> = {},
  urls: Record<string, string> = {},
): Promise<JobOutput> {
  const job = { jobId: `job-${++jobs}`, script, params, urls: Object.keys(urls), timeoutSeconds: 30 };
  const first = await send(machine, renderCommand(job));
  const key = reportedKey(first, job.jobId);
  const lines = Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, { url }]));
  const output =
    key === null
      ? first
      : await send(machine, renderCommand({ ...job, sealed: seal(key, job.jobId, urlLines(lines)) }));
  const parsed = parseJobOutput(output);
  if (!parsed) throw new Error(`no job output: ${output}`);
  return parsed;
}

/** @returns what the command has printed at its end */
async function send(machine: Machine, command: string): Promise<string> {
  const ssm = fixture.ssm();
  const sent = await ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [machine.id],
      Parameters: { commands: [command], executionTimeout: ['60'] },
    }),
  );
  const CommandId = sent.Command?.CommandId;
  let output = '';
  await until(async () => {
    const found = await ssm
      .send(new GetCommandInvocationCommand({ CommandId, InstanceId: machine.id }))
      .catch(() => undefined);
    output = found?.StandardOutputContent ?? '';
    return found?.Status === 'Success' || found?.Status === 'Failed';
  }, 'the end of the command');
  return output;
}

const node = (name: string, lines: string[]) => ({
  NODE_NAME: name,
  CONFIG_B64: base64(`${[`node-name: ${name}`, ...lines].join('\n')}\n`),
  CONFIG_HASH: `hash-${name}`,
});
const tokens = (verb: 'PUT' | 'GET') => ({
  [`TOKEN_${verb}`]: `${fixture.url}/bucket/server`,
  [`AGENT_TOKEN_${verb}`]: `${fixture.url}/bucket/agent`,
});

async function prepared(name: string, role: 'server' | 'agent', tags: Record<string, string> = {}): Promise<Machine> {
  const mirror = `${fixture.url}/_mirror`;
  const userData = renderUserData({ version: VERSION, mirror, architecture: 'amd64' });
  const machine = await fixture.launch(name, { userData: base64(userData), tags });
  const installed = await run(machine, 'install', {
    K3S_VERSION: VERSION,
    K3S_MIRROR: mirror,
    ARCH: 'amd64',
    ROLE: role,
  });
  expect(installed).toMatchObject({ outcome: 'done', result: { version: VERSION, changed: 'true' } });
  return machine;
}

/** A first server whose agent registers when the test says so. */
async function booted(name: string, founding: Partial<FoundingInput>, over: Partial<Instance> = {}): Promise<Machine> {
  const config = [
    'cluster-init: true',
    'kubelet-arg: ["provider-id=aws:///@ZONE@/@INSTANCE_ID@"]',
    'node-ip: "@PRIVATE_IP@"',
    `node-name: "${name}-g1"`,
    'tls-san: ["@PRIVATE_IP@","@PUBLIC_IP@"]',
    '',
  ].join('\n');
  const mirror = `${fixture.url}/_mirror`;
  const release = { version: VERSION, mirror, architecture: 'amd64' } as const;
  const userData = renderFounding({ ...release, nodeName: `${name}-g1`, config, key: 'k1', ...founding });
  return fixture.launch(name, { userData: userData ?? '', instanceProfile: null, ...over });
}

/** Each once, as the worker writes them. */
const addressesOf = ({ instance: { privateIp, publicIp } }: Machine): string[] => [
  ...new Set([privateIp, ...(publicIp === null ? [] : [publicIp])]),
];

const bootstrapOf = (machine: Machine, name: string, key: string) =>
  run(
    machine,
    'bootstrap',
    {
      ...{ NODE_NAME: `${name}-g1`, CONFIG_HASH: 'h1', FOUNDING: key, ROLE: 'server' },
      ...{ K3S_VERSION: VERSION, K3S_MIRROR: `${fixture.url}/_mirror`, ARCH: 'amd64' },
      CONFIG: [
        'cluster-init: true',
        `kubelet-arg: ["provider-id=aws:///eu-west-1a/${machine.id}"]`,
        `node-ip: "${machine.instance.privateIp}"`,
        `node-name: "${name}-g1"`,
        `tls-san: ${JSON.stringify(addressesOf(machine))}`,
        '',
      ].join('\n'),
    },
    tokens('PUT'),
  );

/** Puts a bundle into the bucket, and has the node take it. */
function take(machine: Machine, files: Partial<NodeFiles>, sum?: string): Promise<JobOutput> {
  const text = bundleText({ manifests: [], files: [], environment: {}, before: '', after: '', ...files });
  fixture.bucket.set('/bucket/files', Buffer.from(text));
  const params = { ROLE: 'server', FILES_SHA256: sum ?? createHash('sha256').update(text).digest('hex') };
  return run(machine, 'set-manifests', params, { FILES_GET: `${fixture.url}/bucket/files` });
}

const manifestOf = (name: string) => ({
  name,
  content: `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n  namespace: default\n`,
});

const startsOf = (machine: Machine): number => journal(machine).split('Starting k3s ').length - 1;
const isActive = (machine: Machine): boolean => machine.systemd.unit('k3s.service')?.state === 'active';

/** What a backup reports, on both hosts. */
const BACKUP_KEYS = [
  'compression',
  ...['configmaps', 'namespaces', 'nodes', 'pods', 'secrets'].map((kind) => `count.${kind}`),
  ...['etcd', 'node', 'revision', 'sha256', 'size', 'token-version', 'version'],
];

const HOSTS = { 'on folders': createMachineHost, 'on paper': createPaperHost };

describe.each(Object.entries(HOSTS))('the node scripts %s', (_, createHost) => {
  it('make a cluster of three servers and an agent, look at it, and take nodes out and in again', async () => {
    fixture = await startRegionFixture({}, createHost);
    const [a, b, c, w] = await Promise.all([
      prepared('a', 'server'),
      prepared('b', 'server'),
      prepared('c', 'server'),
      prepared('w', 'agent'),
    ]);
    const found = await run(a, 'bootstrap', node('a-g1', ['cluster-init: true']), tokens('PUT'));
    expect(found, found.logTail).toMatchObject({
      outcome: 'done',
      result: { node: 'a-g1', ready: 'true', 'ca-hash': expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(fixture.bucket.get('/bucket/server')?.toString()).toMatch(/^K10[0-9a-f]{64}::server:/);
    const server = [`server: https://${a.instance.privateIp}:6443`];
    const joined = await Promise.all([
      run(b, 'join', { ROLE: 'server', ...node('b-g1', server) }, tokens('GET')),
      run(c, 'join', { ROLE: 'server', ...node('c-g1', server) }, tokens('GET')),
      run(w, 'join', { ROLE: 'agent', ...node('w-g1', server) }, tokens('GET')),
    ]);
    for (const result of joined) expect(result, result.logTail).toMatchObject({ outcome: 'done' });
    const verified = await run(b, 'verify');
    expect(verified.result).toEqual({
      api: 'ok',
      voters: '3',
      'node.a-g1': `True,True,${VERSION},true,${a.instance.privateIp},-`,
      'node.b-g1': `True,True,${VERSION},true,${b.instance.privateIp},-`,
      'node.c-g1': `True,True,${VERSION},true,${c.instance.privateIp},-`,
      'node.w-g1': `True,-,${VERSION},true,${w.instance.privateIp},-`,
    });

    // A server out, and in again as a new member.
    expect((await run(a, 'snapshot', { SNAPSHOT_NAME: 'keelson' })).result['snapshot']).toMatch(/^keelson-a-g1-/);
    const drained = await run(a, 'drain', { NODE_NAME: 'c-g1', DRAIN_TIMEOUT: '10s' });
    expect(drained, drained.logTail).toMatchObject({ result: { drained: 'true' } });
    const removed = await run(a, 'remove-node', { NODE_NAME: 'c-g1', ROLE: 'server' });
    expect(removed, removed.logTail).toMatchObject({ outcome: 'done', result: { removed: 'true' } });
    expect(await run(c, 'service-stop', { ROLE: 'server' })).toMatchObject({ result: { stopped: 'true' } });
    expect((await run(a, 'verify')).result['voters']).toBe('2');
    expect(await run(c, 'reset-member', { ROLE: 'server' })).toMatchObject({ outcome: 'done' });
    const back = await run(c, 'join', { ROLE: 'server', ...node('c-g2', server) }, tokens('GET'));
    expect(back, back.logTail).toMatchObject({ outcome: 'done' });

    // What checks ask.
    expect((await run(c, 'probe', { ROLE: 'server' })).result).toMatchObject({ service: 'active', readyz: 'ok' });
    expect((await run(a, 'probe', { ROLE: 'server', DEEP: 'true' })).result).toMatchObject({
      'db-mib': '20',
      snapshot: expect.stringMatching(/^keelson-a-g1-/),
      'cert-earliest': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\dZ$/),
    });
    expect((await run(a, 'certificates')).result).toMatchObject({ 'not-ok': '0' });
    const kubeconfig = { KUBECONFIG_PUT: `${fixture.url}/bucket/kubeconfig` };
    expect(await run(a, 'kubeconfig', { API_ADDRESS: '127.9.9.9' }, kubeconfig)).toMatchObject({ outcome: 'done' });
    expect(fixture.bucket.get('/bucket/kubeconfig')?.toString()).toContain('server: https://127.9.9.9:6443');
  });

  it('see what someone has broken, restart K3s for what that heals, and remove a node without a machine', async () => {
    // Prepare
    fixture = await startRegionFixture({}, createHost);
    const tags = { 'keelson:cluster': 'shop' };
    const [a, b] = await Promise.all([prepared('a', 'server', tags), prepared('b', 'server', tags)]);
    const b1 = { ROLE: 'server', ...node('b-g1', [`server: https://${a.instance.privateIp}:6443`]) };
    await run(a, 'bootstrap', node('a-g1', ['cluster-init: true']), tokens('PUT'));
    expect(await run(b, 'join', b1, tokens('GET'))).toMatchObject({ outcome: 'done' });
    await addStaleNode(fixture, { cluster: 'shop', nodeName: 'old-g1', server: true });
    await changeMachine(fixture, b.id, {
      diskUsedPercent: 93,
      clockOffsetSeconds: 7_200,
      certificateDays: 30,
      databaseMiB: 1_700,
      databaseUsedMiB: 30,
      alarm: 'NOSPACE',
      pressure: ['DiskPressure'],
      readyz: ['etcd'],
    });

    // Act
    const broken = await run(b, 'probe', { ROLE: 'server', DEEP: 'true' });
    const other = await run(a, 'probe', { ROLE: 'server' });
    const seen = await run(a, 'verify');
    await changeMachine(fixture, b.id, { readyz: [] });
    const restarted = await run(b, 'service-start', { ...b1, RESTART: 'true' });
    const removed = await run(a, 'remove-node', { NODE_NAME: 'old-g1', ROLE: 'server' });
    const healed = await run(b, 'probe', { ROLE: 'server', DEEP: 'true' });

    // Assess
    const daysOf = ({ result }: JobOutput) => (Date.parse(result['cert-earliest'] ?? '') - Date.now()) / 86_400_000;
    expect(broken.result).toMatchObject({
      readyz: 'failed',
      failing: 'etcd',
      'disk-used-percent': '93',
      'db-mib': '1700',
      'db-used-mib': '30',
      'etcd-alarm': 'NOSPACE',
      'etcd-leader': 'false',
    });
    expect(other.result).toMatchObject({ 'etcd-alarm': 'NOSPACE', 'etcd-leader': 'true' });
    expect(Number(broken.result['clock']) - Date.now() / 1000).toBeGreaterThan(7_000);
    expect(daysOf(broken)).toBeCloseTo(30, 1);
    expect(seen.result).toMatchObject({
      voters: '3',
      'node.b-g1': `True,True,${VERSION},true,${b.instance.privateIp},DiskPressure`,
      'node.old-g1': `Unknown,True,${VERSION},true,192.0.2.1,-`,
    });
    expect(restarted, restarted.logTail).toMatchObject({ outcome: 'done' });
    expect(removed, removed.logTail).toMatchObject({ outcome: 'done', result: { removed: 'true' } });
    expect(healed.result).toMatchObject({ readyz: 'ok', 'db-mib': '30', 'etcd-alarm': 'none' });
    expect(daysOf(healed)).toBeCloseTo(365, 1);
    expect((await run(b, 'verify')).result).not.toHaveProperty(['node.old-g1']);
  });

  it('set and remove labels and taints through the API, keep what is of others, and leave K3s running', async () => {
    // Prepare
    fixture = await startRegionFixture({}, createHost);
    const a = await prepared('a', 'server');
    const w = await prepared('w', 'agent');
    await run(a, 'bootstrap', node('a-g1', ['cluster-init: true']), tokens('PUT'));
    const agent = [
      `server: https://${a.instance.privateIp}:6443`,
      'node-label: ["tier=old","disk=hdd"]',
      'node-taint: ["old=x:NoSchedule"]',
    ];
    await run(w, 'join', { ROLE: 'agent', ...node('w-g1', agent) }, tokens('GET'));
    const kubectl = (command: string) => run(a, 'verify', { NODE_LABELS: command });
    const lines = [
      'w-g1 label disk=ssd',
      'w-g1 unlabel tier=old',
      'w-g1 unlabel kubernetes.io/os=windows',
      'w-g1 taint dedicated=batch:NoSchedule',
      'w-g1 taint quick=:NoExecute',
      'w-g1 untaint old=x:NoSchedule',
    ].join('\n');

    // Act
    const before = await kubectl(lines);
    const set = await run(a, 'label-nodes', { NODE_LABELS: lines });
    const again = await run(a, 'label-nodes', { NODE_LABELS: lines });
    const after = await kubectl(lines);
    const written = await run(w, 'write-labels', { LABELS: 'node-label: ["disk=ssd"]', TAINTS: '' });
    const restarts = (await run(w, 'probe', { ROLE: 'agent' })).result['restarts'];
    const gone = await run(a, 'label-nodes', { NODE_LABELS: 'w-g1 unlabel disk=ssd\nw-g1 untaint quick=:NoExecute' });

    // Assess
    expect(before.result['differs.w-g1']).toBe(
      'label disk=ssd,unlabel tier=old,taint dedicated=batch:NoSchedule,taint quick=:NoExecute,untaint old=x:NoSchedule',
    );
    expect(set, set.logTail).toMatchObject({ outcome: 'done', result: { changed: '5' } });
    expect(again.result['changed']).toBe('0');
    expect(after.result).toMatchObject({ labels: 'compared' });
    expect(after.result).not.toHaveProperty(['differs.w-g1']);
    expect(written.result).toEqual({ written: 'true' });
    expect(readFileSync(w.path('/etc/rancher/k3s/config.yaml'), 'utf8')).toMatch(/node-label: \["disk=ssd"\]\n$/);
    expect(readFileSync(w.path('/etc/rancher/k3s/config.yaml'), 'utf8')).not.toContain('tier');
    expect(restarts).toBe('0');
    expect(gone, gone.logTail).toMatchObject({ outcome: 'done', result: { changed: '2' } });
  });

  it('take files and manifests, delete what goes, save a backup, and leave nothing behind', async () => {
    // Prepare
    fixture = await startRegionFixture({}, createHost);
    const a = await prepared('a', 'server');
    await run(a, 'bootstrap', node('a-g1', ['cluster-init: true']), tokens('PUT'));
    const app = { path: '/etc/app.conf', mode: '640', content: 'a=1\n' };
    const puts = ['TOKEN', 'AGENT_TOKEN', 'SNAPSHOT'].map((name) => [`${name}_PUT`, `${fixture.url}/bucket/${name}`]);

    // Act
    const refused = await take(a, { files: [app] }, '0'.repeat(64));
    const taken = await take(a, { files: [app], manifests: ['zeta', 'kept', 'beta', 'alpha'].map(manifestOf) });
    const whole = await run(a, 'probe', { ROLE: 'server' });
    const fewer = await take(a, { manifests: [manifestOf('kept')] });
    const deleted = await run(a, 'delete-manifests', { MANIFESTS_GONE: 'alpha never zeta beta' });
    const again = await run(a, 'delete-manifests', { MANIFESTS_GONE: 'alpha' });
    const uncordoned = await run(a, 'uncordon', { NODE_NAME: 'a-g1', AWAIT_READY: '20' });
    const absent = await run(a, 'uncordon', { NODE_NAME: 'x-g1' });
    const backup = { PART_BYTES: `${2 ** 30}`, MARKER: 'm1' };
    const saved = await run(a, 'backup', backup, Object.fromEntries(puts));
    const gone = await run(a, 'uninstall');
    const twice = await run(a, 'uninstall');
    const after = await run(a, 'probe', { ROLE: 'server' });

    // Assess
    expect(refused.result).toEqual({ code: 'FilesChanged' });
    expect(taken.result).toEqual({});
    expect(whole.result['altered']).toBe('none');
    expect(fewer.result).toEqual({ gone: 'alpha,beta,zeta' });
    expect(existsSync(a.path('/etc/app.conf'))).toBe(false);
    expect(deleted, deleted.logTail).toMatchObject({ outcome: 'done', result: { deleted: '3', left: 'never' } });
    expect(again.result).toEqual({ deleted: '0', left: 'alpha' });
    expect(uncordoned.result).toEqual({ uncordoned: 'true' });
    expect(absent.result).toEqual({ code: 'NodeAbsent' });
    expect(saved, saved.logTail).toMatchObject({
      outcome: 'done',
      result: { node: 'a-g1', version: VERSION, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(Object.keys(saved.result).sort()).toEqual(BACKUP_KEYS);
    expect(fixture.bucket.get('/bucket/SNAPSHOT')?.length).toBe(Number(saved.result['size']));
    for (const one of [gone, twice]) expect(one.result).toEqual({ uninstalled: 'true' });
    expect(after.result).toMatchObject({ version: 'none', 'started-with': '', 'bootstrap-server': 'false' });
  }, 60_000);

  it.each([
    ['no public address', null],
    ['a public address', '192.0.2.7'],
    ['one address for all', '10.0.1.10'],
  ])(
    'found the cluster at the first boot with %s, and the job hands its tokens on without another start',
    async (_case, publicIp) => {
      // Prepare
      fixture = await startRegionFixture({}, createHost);

      // Act
      const a = await booted('a', {}, { publicIp });
      await until(() => isActive(a), 'K3s, which no command has started');
      a.agent.register();
      const done = await bootstrapOf(a, 'a', 'k1');
      const again = await bootstrapOf(a, 'a', 'k1');

      // Assess
      expect(done, done.logTail).toMatchObject({ outcome: 'done', result: { node: 'a-g1', changed: 'false' } });
      expect(done.logTail).toContain('k3s runs with this configuration');
      expect(again, again.logTail).toMatchObject({ outcome: 'done' });
      expect(fixture.bucket.get('/bucket/server')?.toString()).toMatch(/^K10[0-9a-f]{64}::server:/);
      expect(startsOf(a)).toBe(1);
      expect((await run(a, 'probe', { ROLE: 'server' })).result['started-with']).toBe(`h1 ${VERSION}`);
    },
    60_000,
  );

  it('do not take over what the first boot has founded for another document', async () => {
    // Prepare
    fixture = await startRegionFixture({}, createHost);
    const a = await booted('a', {});
    await until(() => isActive(a), 'K3s');
    a.agent.register();

    // Act
    const refused = await bootstrapOf(a, 'a', 'k2');

    // Assess
    expect(refused).toMatchObject({ outcome: 'failed', result: { code: 'FoundedOtherwise' } });
    expect(fixture.bucket.size).toBe(0);
  });

  it('found the cluster by the job where the first boot could not', async () => {
    // Prepare
    fixture = await startRegionFixture({}, createHost);
    const a = await booted('a', { mirror: `${fixture.url}/nowhere` });
    await until(() => fixture.world.record.notes.some(({ kind }) => kind === 'user-data'), 'the end of the first boot');

    // Act
    a.agent.register();
    const done = await bootstrapOf(a, 'a', 'k1');

    // Assess
    expect(fixture.world.record.notes.find(({ kind }) => kind === 'user-data')?.data['exitCode']).not.toBe(0);
    expect(done, done.logTail).toMatchObject({ outcome: 'done', result: { changed: 'true' } });
    expect(startsOf(a)).toBe(1);
  }, 60_000);

  it('restart K3s for a server whose announcement is lost in the snapshot that it begins with, and ask for its vote', async () => {
    // Prepare: K3s itself does nothing about either within an hour.
    fixture = await startRegionFixture({ publishTimeout: 3_600_000, promotionCheck: 3_600_000 }, createHost);
    const a = await prepared('a', 'server');
    const b = await prepared('b', 'server');
    await run(a, 'bootstrap', node('a-g1', ['cluster-init: true']), tokens('PUT'));

    // Act
    const server = [`server: "https://${a.instance.privateIp}:6443"`];
    const joined = await run(b, 'join', { ROLE: 'server', ...node('b-g1', server) }, tokens('GET'));

    // Assess
    expect(joined, joined.logTail).toMatchObject({ outcome: 'done' });
    expect(joined.logTail).toContain('restarting k3s: the snapshot that etcd began with holds its announcement');
    expect(startsOf(b)).toBe(2);
  });

  it('say why a server is not let in', async () => {
    fixture = await startRegionFixture({}, createHost);
    const a = await prepared('a', 'server');
    const b = await prepared('b', 'server');
    await run(a, 'bootstrap', node('a-g1', ['cluster-init: true']), tokens('PUT'));
    fixture.bucket.set('/bucket/server', Buffer.from(`K10${'0'.repeat(64)}::server:wrong\n`));
    const server = [`server: https://${a.instance.privateIp}:6443`];
    const refused = await run(b, 'join', { ROLE: 'server', ...node('b-g1', server) }, tokens('GET'));
    expect(refused).toMatchObject({ outcome: 'failed', result: { code: 'TokenRejected' } });
  });
});
