import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { kubeApi } from '#src/cli/kubeconfig/kube-api.js';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { DIST, openStackFixture, type StackFixture, start } from './fixture.js';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture({ commands: 'processes' });
});
afterAll(() => fixture?.close());

const leftovers = (cluster: string) => fixture.region<{ total: number }>(`leftovers?cluster=${cluster}`);

describe('a cluster of one server, by the CLI alone', () => {
  it('is planned before it is there, and nothing is made by that', async () => {
    // Prepare
    const file = fixture.document('solo');

    // Act
    const { code, stdout } = await fixture.keelson('plan', '-f', file, '-o', 'json');

    // Assess
    expect(code).toBe(0);
    const { plan, document } = JSON.parse(stdout);
    expect(plan).toMatchObject({ kind: 'create', id: expect.stringMatching(/^[0-9a-f]+$/) });
    expect(plan.steps.map((step: { kind: string }) => step.kind)).toContain('launch');
    expect(document.spec).toMatchObject({ paused: false, state: 'running' });
    expect(await leftovers('solo')).toMatchObject({ total: 0 });
    expect((await fixture.keelson('status', 'solo')).code).toBe(3);
  });

  it('is made, and each step is shown while it is waited for', async () => {
    // Act
    const { code, stdout, stderr } = await fixture.keelson(
      'apply',
      '-f',
      fixture.document('solo'),
      '--wait',
      '-o',
      'json',
    );

    // Assess
    expect(stderr).toMatch(/server-0: launch t3\.medium/);
    expect(stderr).toMatch(/solo is Running after/);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ request: 'apply', waited: true, proof: null });
    expect(JSON.parse(stdout).status).toMatchObject({
      name: 'solo',
      phase: 'Running',
      health: 'Healthy',
      nodes: [{ name: 'solo-server-0-g1', ready: 'True', voter: 'True', k3s: 'v1.34.2+k3s1' }],
    });
  });

  it('is shown by every command that reads', async () => {
    // Act
    const status = await fixture.keelson('status', 'solo', '-o', 'yaml');
    const explained = await fixture.keelson('explain', 'solo');
    const history = await fixture.keelson('history', 'solo', '-o', 'json');

    // Assess
    expect(parse(status.stdout)).toMatchObject({ phase: 'Running' });
    expect(explained.stdout).toContain('it is what was asked for');
    expect(JSON.parse(history.stdout).items).toMatchObject([{ kind: 'create', outcome: 'done' }]);
    // The visibility store follows the workflow with a short delay. [docs: Temporal visibility]
    await expect
      .poll(async () => JSON.parse((await fixture.keelson('list', '-o', 'json')).stdout).items)
      .toMatchObject([{ name: 'solo', phase: 'Running', health: 'Healthy', region: 'eu-west-1', nodes: '1/1' }]);
    const none = JSON.parse((await fixture.keelson('list', '--phase', 'Stopped', '-o', 'json')).stdout);
    expect(none).toEqual({ schemaVersion: 1, items: [] });
    expect((await fixture.keelson('list', '-o', 'name')).stdout).toBe('solo\n');
  });

  it('get prints the document in force, which apply takes, and plan shows what another one changes', async () => {
    // Act
    const got = await fixture.keelson('get', 'solo');
    writeFileSync(join(fixture.folder, 'got.yaml'), got.stdout);
    writeFileSync(join(fixture.folder, 'other.yaml'), got.stdout.replace('protect: false', 'protect: true'));
    const same = await fixture.keelson('plan', '-f', 'got.yaml');
    const other = await fixture.keelson('plan', '-f', 'other.yaml');

    // Assess
    expect(parse(got.stdout)).toMatchObject({ kind: 'Cluster', metadata: { name: 'solo' } });
    expect(same.stdout).toMatch(/^The document is the one in force\./);
    expect(other.stdout).toContain('~ spec.deletion.protect: false -> true');
  });

  it('logs, exec and doctor look behind it, with the credentials of the person', async () => {
    // Act
    const [journal, jobs, ran, failed, unknown, checked] = [
      await fixture.keelsonAs('operator', 'logs', 'solo', '--tail', '50'),
      await fixture.keelsonAs('operator', 'logs', 'solo', 'server-0', '--jobs'),
      await fixture.keelsonAs('operator', 'exec', 'solo', 'server-0', '--', 'printf', '%s', "it's $HOME"),
      await fixture.keelsonAs('operator', 'exec', 'solo', 'server-0', '--', 'sh', '-c', 'echo no >&2; exit 3'),
      await fixture.keelsonAs('operator', 'exec', 'solo', 'server-7', '--', 'true'),
      await fixture.keelsonAs('operator', 'doctor'),
    ];
    const denied = await fixture.keelson('exec', 'solo', 'server-0', '--', 'true');

    // Assess
    expect(journal).toMatchObject({ code: 0, stdout: expect.stringMatching(/level=info/) });
    expect(jobs).toMatchObject({ code: 0, stdout: expect.stringMatching(/^== /) });
    expect(jobs.stdout).not.toMatch(/X-Amz-Signature=[0-9a-f]/);
    expect(ran).toMatchObject({ code: 0, stdout: "it's $HOME" });
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringMatching(/no\n[\s\S]*exit code 3/) });
    expect(unknown).toMatchObject({ code: 3, stderr: expect.stringContaining('one of server-0') });
    expect(denied).toMatchObject({ code: 5, stderr: expect.stringContaining('NodeAccessPolicy') });
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringMatching(/worker +ok +task queue keelson/) });
    expect(checked.stdout).toMatch(/permissions +unknown +.*not allowed to ask \(iam:SimulatePrincipalPolicy\)/);
    expect(checked.stdout).toMatch(/vCPU quota +ok +standard on-demand vCPUs: \d+ allowed, 2 in use/);
    expect(checked.stdout).toMatch(/SSM in eu-west-1 +ok +answers; 1 of 1 nodes are Online/);
  });

  it('doctor says what is missing for a document, and ends with 1', async () => {
    // Prepare
    const file = fixture.document('large', {
      servers: { instanceType: 't3.xlarge' },
      k3s: { version: 'v1.34.9+k3s1' },
    });
    const plan = { id: 'small', point: 'quota', data: { value: 5 } };
    await fixture.region('faults', { method: 'POST', body: JSON.stringify(plan) });

    // Act
    const checked = await fixture.keelson('doctor', '-f', file, '-o', 'json');
    await fixture.region('faults/small', { method: 'DELETE' });

    // Assess
    expect(checked).toMatchObject({ code: 1, stderr: expect.stringMatching(/2 of \d+ checks have failed/) });
    const failed = JSON.parse(checked.stdout).items.filter(({ result }: { result: string }) => result === 'failed');
    expect(failed).toMatchObject([
      { check: 'vCPU quota', message: expect.stringContaining('5 allowed, 2 in use, large needs 4') },
      { check: 'K3s mirror', message: expect.stringContaining('has no v1.34.9+k3s1') },
    ]);
  });

  it('gives a kubeconfig under its own name, in a file for its owner alone', async () => {
    // Act
    const printed = await fixture.keelson('kubeconfig', 'solo');
    const merged = await fixture.keelson('kubeconfig', 'solo', '--merge', 'kube/config');

    // Assess
    const config = parse(printed.stdout);
    const ca = Buffer.from(config.clusters[0].cluster['certificate-authority-data'], 'base64');
    const { caHash } = JSON.parse((await fixture.keelson('status', 'solo', '-o', 'json')).stdout);
    expect(createHash('sha256').update(ca).digest('hex')).toBe(caHash);
    expect(config['current-context']).toBe('solo');
    expect(config.clusters[0].cluster.server).toMatch(/^https:\/\/127\.\d+\.\d+\.\d+:6443$/);
    expect(merged.code).toBe(0);
    const path = join(fixture.folder, 'kube/config');
    expect(parse(readFileSync(path, 'utf8'))).toEqual(config);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('gives a person a kubeconfig of an hour, with which the API knows them and lets them do nothing that no role allows', async () => {
    // Act
    const given = await fixture.keelson('kubeconfig', 'solo', '--user', 'alice', '--group', 'dev', '--ttl', '1h');
    const masters = await fixture.keelson('kubeconfig', 'solo', '--user', 'alice', '--group', 'system:masters');
    const tooLong = await fixture.keelson('kubeconfig', 'solo', '--ttl', '1000h', '--file', 'alice.kubeconfig');

    // Assess
    expect(given).toMatchObject({ code: 0, stderr: expect.stringMatching(/user alice, in dev, until \d{4}-/) });
    const [{ user }] = parse(given.stdout).users;
    const plain = (text: string): string => Buffer.from(text, 'base64').toString('utf8');
    const certificate = new X509Certificate(plain(user['client-certificate-data']));
    expect(certificate.subject.split('\n').toSorted()).toEqual(['CN=alice', 'O=dev']);
    expect(new Date(certificate.validTo).getTime() - Date.now()).toBeLessThanOrEqual(3_600_000);
    const [{ cluster }] = parse(given.stdout).clusters;
    const api = kubeApi(
      {
        server: cluster.server,
        ca: cluster['certificate-authority-data'],
        clientCertificate: user['client-certificate-data'],
        clientKey: user['client-key-data'],
      },
      new AbortController().signal,
    );
    await expect(api('GET', '/api/v1/nodes')).rejects.toMatchObject({
      exitCode: 4,
      message: expect.stringContaining('User "alice" cannot GET'),
    });
    expect(masters).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('system:masters') });
    expect(tooLong).toMatchObject({ code: 2, stderr: expect.stringContaining('from 10m to 168h') });
    expect(existsSync(join(fixture.folder, 'alice.kubeconfig'))).toBe(false);
  });

  it.each([
    ['runs a command', '  user:\n', '  user:\n    exec: { command: sh }\n', 'users[0].user.exec is not allowed'],
    ['leads elsewhere', /server: .*/, 'server: https://198.51.100.1:6443', 'clusters[0].cluster.server is'],
    [
      'names another CA',
      /(certificate-authority-data: ).*(?=[\s\S]*client-certificate-data: (.*))/,
      '$1$2',
      'is not the CA',
    ],
  ])('gives no kubeconfig that someone else has stored and that %s', async (_what, from, to, why) => {
    // Prepare
    const s3 = new S3Client({
      endpoint: fixture.stack.region.url,
      region: 'eu-west-1',
      forcePathStyle: true,
      credentials: CREDENTIALS.admin,
    });
    const at = { Bucket: 'keelson-local', Key: 'clusters/solo/kubeconfig' };
    const stored = (await (await s3.send(new GetObjectCommand(at))).Body?.transformToString()) ?? '';
    const forged = stored.replace(from, to);
    expect(forged).not.toBe(stored);
    await s3.send(new PutObjectCommand({ ...at, Body: forged }));

    // Act
    const ran = await fixture.keelson('kubeconfig', 'solo', '--merge', 'forged');
    await s3.send(new PutObjectCommand({ ...at, Body: stored }));
    s3.destroy();

    // Assess
    expect(ran).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(why) });
    expect(existsSync(join(fixture.folder, 'forged'))).toBe(false);
  });

  it('is left as it is by the same document', async () => {
    expect(await fixture.keelson('apply', '-f', fixture.document('solo'))).toMatchObject({
      code: 0,
      stdout: 'solo: nothing to do\n',
    });
  });

  it('is not deleted while it is protected', async () => {
    // Prepare
    await fixture.keelson('apply', '-f', fixture.document('solo', { deletion: { protect: true } }), '--wait');

    // Act
    const refused = await fixture.keelson('delete', 'solo', '--yes', '--wait');

    // Assess
    expect(refused).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('spec.deletion.protect') });
    await fixture.keelson('apply', '-f', fixture.document('solo'), '--wait');
  });

  it('goes on when the wait for it is left by Ctrl-C: one message, exit 130', async () => {
    // Act
    const { child, ended } = start(
      process.execPath,
      [`${DIST}bin/keelson.js`, 'stop', 'solo', '--wait'],
      fixture.stack.env,
      fixture.folder,
    );
    child.stderr.once('data', () => child.kill('SIGINT'));
    const left = await ended;

    // Assess
    expect(left).toMatchObject({ code: 130, stdout: '' });
    expect(left.stderr.match(/interrupted|no longer waiting|goes on/g)).toEqual([
      'interrupted',
      'no longer waiting',
      'goes on',
    ]);
    expect(left.stderr).toMatch(/^interrupted: no longer waiting, and solo goes on\n {2}-> keelson status solo\n$/m);
    expect(await fixture.keelson('stop', 'solo', '--wait')).toMatchObject({ code: 0 });
    expect(await fixture.keelson('start', 'solo', '--wait')).toMatchObject({ code: 0 });
  });

  it('is not deleted by one word: a script says --yes, and sees what goes', async () => {
    // Act
    const unconfirmed = await fixture.keelson('delete', 'solo', '--wait');
    const rehearsed = await fixture.keelson('delete', 'solo', '--dry-run', '-o', 'json');

    // Assess
    expect(unconfirmed).toMatchObject({ code: 2, stdout: '' });
    expect(unconfirmed.stderr).toMatch(/^delete solo: region eu-west-1, account .*local-user$/m);
    expect(unconfirmed.stderr).toMatch(/^ {2}solo-server-0-g1 \(i-[0-9a-f]+, t3\.medium\)$/m);
    expect(unconfirmed.stderr).toContain('keelson delete solo --yes');
    expect(rehearsed.code).toBe(0);
    expect(JSON.parse(rehearsed.stdout)).toMatchObject({ cluster: 'solo', nodes: [{ name: 'solo-server-0-g1' }] });
    expect(JSON.parse((await fixture.keelson('status', 'solo', '-o', 'json')).stdout)).toMatchObject({
      desiredState: 'running',
    });
  });

  it('is gone after delete, which proves it', async () => {
    // Act
    const { code, stdout } = await fixture.keelson('delete', 'solo', '--yes', '--wait', '-o', 'json');

    // Assess
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ cluster: 'solo', request: 'delete', waited: true, status: null });
    expect(JSON.parse(stdout).proof).toMatchObject({
      cluster: 'solo',
      terminated: [expect.stringMatching(/^i-/)],
      remaining: { instances: [], volumes: [], securityGroups: [], bucketKeys: [] },
    });
    expect(await leftovers('solo')).toMatchObject({ total: 0 });
    expect(await fixture.region('duplicates')).toEqual([]);
    expect((await fixture.keelson('status', 'solo')).code).toBe(3);
  });

  it('may be made again under the same name', async () => {
    // Act
    const again = await fixture.keelson('apply', '-f', fixture.document('solo'), '--wait');
    const deleted = await fixture.keelson('delete', 'solo', '--yes', '--wait');

    // Assess
    expect(again).toMatchObject({ code: 0 });
    expect(deleted).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('no instance, volume, snapshot, security group or bucket key remains'),
    });
  });
});

describe('a plan that was shown', () => {
  it('is the one that is applied, or nothing is', async () => {
    // Prepare
    const file = fixture.document('planned');
    const { plan } = JSON.parse((await fixture.keelson('plan', '-f', file, '-o', 'json')).stdout);

    // Act
    const other = await fixture.keelson('apply', '-f', file, '--plan-id', '0000');
    const nothing = await fixture.keelson('status', 'planned');
    const same = await fixture.keelson('apply', '-f', file, '--plan-id', plan.id, '--wait');
    await fixture.keelson('delete', 'planned', '--yes', '--wait');

    // Assess
    expect(other).toMatchObject({ code: 4, stderr: expect.stringContaining('the plan has changed') });
    expect(nothing.code).toBe(3);
    expect(same.code).toBe(0);
  });
});
