import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from './io.js';

const VALID = `apiVersion: keelson/v1
kind: Cluster
metadata: { name: shop }
spec:
  region: eu-west-1
  mode: dev
  servers: { instanceType: t3.medium }
  k3s: { version: v1.34.2+k3s1 }
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keelson-cli-'));
  writeFileSync(join(folder, 'valid.yaml'), VALID);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('usage', () => {
  it.each([
    { args: ['--help'], code: 0 },
    { args: ['--version'], code: 0 },
    { args: ['apply', '--help'], code: 0 },
    { args: [], code: 2 },
    { args: ['frobnicate'], code: 2 },
    { args: ['plan'], code: 2 },
    { args: ['status'], code: 2 },
    { args: ['events'], code: 2 },
    { args: ['repair'], code: 2 },
    { args: ['list', '-o', 'xml'], code: 2 },
    { args: ['resize', 'shop'], code: 2 },
    { args: ['resize', 'shop', '--instance-type', ' '], code: 2 },
    { args: ['completion', 'tcsh'], code: 2 },
    { args: ['apply', '-f', 'valid.yaml', '--froce'], code: 2 },
  ])('keelson $args ends with $code', async ({ args, code }) => {
    expect((await run(args, { cwd: folder })).code).toBe(code);
  });

  it('names every command with an example, and the exit codes', async () => {
    // Act
    const { stdout } = await run(['--help']);

    // Assess
    const verbs = [
      'validate',
      'plan',
      'apply',
      'list',
      'status',
      'explain',
      'history',
      'events',
      'kubeconfig',
      'stop',
      'start',
      'resize',
      'pause',
      'resume',
      'retry',
      'repair',
      'delete',
      'orphans',
    ];
    for (const verb of verbs) {
      expect(stdout).toContain(`  ${verb} `);
      expect((await run([verb, '--help'])).stdout).toMatch(new RegExp(`Examples:\\n {2}keelson ${verb}`));
    }
    expect(stdout).toContain('Exit codes: 0 done');
  });
});

describe('validate', () => {
  it('says that a document is valid', async () => {
    expect(await run(['validate', '-f', 'valid.yaml'], { cwd: folder })).toEqual({
      code: 0,
      stdout: 'valid.yaml: valid (shop)\n',
      stderr: '',
    });
  });

  it('reads stdin', async () => {
    expect(await run(['validate', '-f', '-'], { stdin: VALID })).toMatchObject({
      code: 0,
      stdout: '<stdin>: valid (shop)\n',
    });
  });

  it('lists the problems of all files with their places, on stderr', async () => {
    // Prepare
    writeFileSync(join(folder, 'a.yaml'), VALID.replace('mode: dev', 'mod: dev'));
    writeFileSync(join(folder, 'b.yaml'), '');

    // Act
    const ran = await run(['validate', '-f', 'a.yaml', 'b.yaml', 'none.yaml'], { cwd: folder });

    // Assess
    expect(ran.code).toBe(2);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toMatch(/^a\.yaml:6:3: spec\.mod: /m);
    expect(ran.stderr).toMatch(/^b\.yaml:1:1: document: is empty/m);
    expect(ran.stderr).toMatch(/^none\.yaml: there is no such file/m);
  });

  it('reports warnings beside the answer, and accepts the document', async () => {
    // Prepare
    const doubtful = VALID.replace('t3.medium', 't3.micro');

    // Act
    const text = await run(['validate', '-f', '-'], { stdin: doubtful });
    const json = await run(['validate', '-f', '-', '-o', 'json'], { stdin: doubtful });

    // Assess
    const warning =
      /<stdin>:\d+:\d+: spec\.servers\.instanceType: t3\.micro has 1 GiB of memory.* \(for example t3\.medium\)/;
    expect(text).toMatchObject({ code: 0, stdout: '<stdin>: valid (shop)\n' });
    expect(text.stderr).toMatch(new RegExp(`^warning: ${warning.source}$`, 'm'));
    expect(json.stderr).toBe('');
    expect(JSON.parse(json.stdout)).toMatchObject({
      schemaVersion: 1,
      items: [
        {
          problems: [],
          warnings: [
            {
              line: expect.any(Number),
              column: expect.any(Number),
              path: 'spec.servers.instanceType',
              message: expect.stringContaining('t3.micro has 1 GiB'),
              hint: 'for example t3.medium',
            },
          ],
        },
      ],
    });
  });

  it('gives programs the problems as JSON', async () => {
    // Act
    const ran = await run(['validate', '-f', 'valid.yaml', 'none.yaml', '-o', 'json'], { cwd: folder });

    // Assess
    expect(ran.code).toBe(2);
    const problem = { line: null, column: null, path: '', message: expect.stringContaining('no such file') };
    expect(JSON.parse(ran.stdout)).toMatchObject({
      schemaVersion: 1,
      items: [
        { file: 'valid.yaml', cluster: 'shop', problems: [], warnings: [] },
        { file: 'none.yaml', cluster: null, problems: [problem], warnings: [] },
      ],
    });
  });
});

describe('what is asked of Temporal and AWS', () => {
  it.each([
    'list',
    'status shop',
    'explain shop',
    'history shop',
    'events shop --watch',
    'kubeconfig shop',
    'stop shop',
    'repair shop --wait',
    'delete shop --wait',
    'apply -f valid.yaml',
    'plan -f valid.yaml',
  ])('keelson %s ends with 5 when Temporal does not answer, and says where it was asked', async (line) => {
    // Prepare: nothing listens on port 1.
    const env = { TEMPORAL_ADDRESS: '127.0.0.1:1', KEELSON_BUCKET: 'some-bucket', AWS_REGION: 'eu-west-1' };

    // Act
    const ran = await run(line.split(' '), { cwd: folder, env });

    // Assess
    expect(ran).toMatchObject({ code: 5, stdout: '' });
    expect(ran.stderr).toMatch(/127\.0\.0\.1:1/);
    expect(ran.stderr).toMatch(/^ {2}-> /m);
  });

  it('lists what is wrong with the environment', async () => {
    expect(await run(['list'], { env: { KEELSON_BUCKET: 'No Bucket', TEMPORAL_ADDRESS: 'x:1' } })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('KEELSON_BUCKET: is not a bucket name'),
    });
  });
});
