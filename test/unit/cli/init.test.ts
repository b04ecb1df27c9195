import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { PassThrough } from 'node:stream';
import { DescribeVpcsCommand } from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runCli } from '#src/cli/program.js';
import { CREDENTIALS } from '../../../packages/aws-simulator/src/credentials.js';
import { startTestRegion, type TestRegion } from '../region/local-region.js';
import { captured, run } from './io.js';

let region: TestRegion;
let vpc: string;
let cwd: string;
beforeAll(async () => {
  region = await startTestRegion();
  const { Vpcs = [] } = await region.ec2Client().send(new DescribeVpcsCommand({}));
  vpc = Vpcs.find(({ IsDefault }) => IsDefault !== true)?.VpcId ?? '';
});
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'keelson-init-'));
});
afterAll(() => region.close());

/** A person who types these lines. */
async function typed(args: string[], lines: string[], { interrupt = false, allowed = true } = {}) {
  const keys = allowed ? CREDENTIALS.user : { accessKeyId: 'nobody', secretAccessKey: 'nobody-secret' };
  const env = {
    AWS_ENDPOINT_URL: region.url,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    AWS_REGION: 'eu-west-1',
    AWS_MAX_ATTEMPTS: '1',
  };
  const { io, read } = captured({ env, cwd });
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  Object.assign(io.stderr, { isTTY: true });
  const pressed = new AbortController();
  for (const line of lines) stdin.write(`${line}\n`);
  const running = runCli(['init', ...args], { ...io, stdin, signal: pressed.signal });
  if (interrupt) pressed.abort();
  return { code: await running, ...read() };
}
const text = (file: string) => readFileSync(join(cwd, file), 'utf8');

describe('init on a terminal', () => {
  it('asks for what no option says, with defaults for Enter, and shows the VPCs of the account', async () => {
    // Act
    const ran = await typed([], ['shop', '', 'ha', '', '']);

    // Assess
    expect(ran).toMatchObject({ code: 0, stdout: '' });
    for (const question of [
      'Name of the cluster: ',
      'AWS region [eu-west-1]: ',
      'Mode (dev: one server, ha: three) [dev]: ',
    ])
      expect(ran.stderr).toContain(question);
    // The default one first: it is the answer of most.
    expect(ran.stderr).toMatch(/ {2}vpc-\w+ \(default\), .*, subnets in eu-west-1a, eu-west-1b, eu-west-1c$/m);
    expect(ran.stderr).toMatch(new RegExp(`^ {2}${vpc}, .*\\nVPC \\[default\\]: `, 'm'));
    expect(parse(text('shop.yaml'))).toMatchObject({
      metadata: { name: 'shop' },
      spec: { region: 'eu-west-1', mode: 'ha', servers: { instanceType: 't3.medium' } },
    });
    expect(parse(text('shop.yaml')).spec.network).toBeUndefined();
  });

  it('writes the VPC and the subnets that are chosen', async () => {
    // Act
    const ran = await typed(['shop', '--mode', 'dev', '--region', 'eu-west-1'], ['t3.large', vpc, '']);

    // Assess
    expect(ran.code).toBe(0);
    const { spec } = parse(text('shop.yaml'));
    expect(spec).toMatchObject({ servers: { instanceType: 't3.large' }, network: { vpcId: vpc } });
    expect(spec.network.subnetIds.length).toBeGreaterThanOrEqual(3);
    expect((await run(['validate', '-f', 'shop.yaml'], { cwd })).code).toBe(0);
  });

  it('asks again for what is not valid, and says why', async () => {
    // Act
    const ran = await typed([], ['Shop_EU', 'shop-eu', '', 'three', 'ha', '', 'vpc-1', '']);

    // Assess
    expect(ran.code).toBe(0);
    expect(ran.stderr.match(/Name of the cluster: /g)).toHaveLength(2);
    expect(ran.stderr.match(/Mode /g)).toHaveLength(2);
    expect(ran.stderr).toContain(vpc);
    expect(existsSync(join(cwd, 'shop-eu.yaml'))).toBe(true);
  });

  it('takes the default VPC where it may not look, and says so', async () => {
    const ran = await typed(['shop'], ['', '', ''], { allowed: false });
    expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining('was not asked for its VPCs (AuthFailure)') });
    expect(parse(text('shop.yaml')).spec.network).toBeUndefined();
  });

  it.each([
    ['no', 4, 'mine'],
    ['', 4, 'mine'],
    ['yes', 0, 'kind: Cluster'],
  ])('asks before it writes over a file: %j', async (answer, code, kept) => {
    // Prepare
    writeFileSync(join(cwd, 'shop.yaml'), 'mine');

    // Act
    const ran = await typed(['shop'], ['', '', '', '', answer]);

    // Assess
    expect(ran.code).toBe(code);
    expect(ran.stderr).toContain('shop.yaml is there already');
    expect(text('shop.yaml')).toContain(kept);
  });

  it('is left by Ctrl-C with nothing written', async () => {
    const ran = await typed(['shop'], [], { interrupt: true });
    expect(ran).toMatchObject({ code: 130, stderr: expect.stringContaining('nothing is written') });
    expect(existsSync(join(cwd, 'shop.yaml'))).toBe(false);
  });
});

describe('init without a terminal, or with --yes', () => {
  it('takes the defaults, asks nothing, and writes a document that is valid as it stands', async () => {
    // Act
    const ran = await run(['init', 'shop-eu', '--region', 'eu-west-1', '--mode', 'ha'], { cwd });
    const withYes = await typed(['other', '--yes'], []);
    const valid = await run(['validate', '-f', 'shop-eu.yaml', '-o', 'json'], { cwd });

    // Assess
    expect(ran).toMatchObject({ code: 0, stderr: expect.stringContaining('keelson plan -f shop-eu.yaml') });
    expect(withYes).toMatchObject({ code: 0 });
    expect(withYes.stderr).not.toContain('Mode');
    expect(JSON.parse(valid.stdout).items).toMatchObject([{ cluster: 'shop-eu', problems: [], warnings: [] }]);
  });

  it('names a schema that exists, from any folder, and is the one of this version', async () => {
    // Act
    await run(['init', 'shop', '--region', 'eu-west-1', '--file', 'shop.yaml'], { cwd });

    // Assess
    const named = /^# yaml-language-server: \$schema=(.*)$/m.exec(text('shop.yaml'))?.[1] ?? '';
    const schema = resolve(dirname(join(cwd, 'shop.yaml')), named);
    const published = new URL('../../../schema/cluster.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(schema, 'utf8'))).toEqual(JSON.parse(readFileSync(published, 'utf8')));
  });

  it('never writes over a file, and writes nothing that is not valid', async () => {
    // Prepare
    writeFileSync(join(cwd, 'shop.yaml'), 'mine');

    // Act
    const there = await run(['init', 'shop', '--region', 'eu-west-1', '--yes'], { cwd });
    const invalid = await run(['init', 'Shop_EU', '--region', 'eu-west-1', '--yes'], { cwd });
    const unnamed = await run(['init', '--region', 'eu-west-1'], { cwd });

    // Assess
    expect(there).toMatchObject({ code: 4, stderr: expect.stringContaining('is there already') });
    expect(text('shop.yaml')).toBe('mine');
    expect(invalid.code).toBe(2);
    expect(unnamed).toMatchObject({ code: 2, stderr: expect.stringContaining('no name is given') });
    expect(existsSync(join(cwd, 'Shop_EU.yaml'))).toBe(false);
  });
});
