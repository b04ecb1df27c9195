import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnvFile, writeEnvFile } from '#src/config/env-file.js';
import { localEnvFile, localEnvironment, readLocalEnvFile } from '#src/config/local-env.js';
import { localVariables } from '../../../packages/local-stack/src/local-env.js';
import { run } from '../cli/io.js';

const VARIABLES = localVariables({
  temporal: '127.0.0.1:7233',
  region: 'http://127.0.0.1:4000',
  k3sMirror: "http://127.0.0.1:4000/_mirror?it's",
});

describe('local.env', () => {
  it('says in a POSIX shell what it says to us', () => {
    // Prepare
    const text = localEnvFile(VARIABLES, 42);

    // Act
    const script = `AWS_PROFILE=mine; export AWS_PROFILE\n${text}\nprintf '%s|%s|%s' "$KEELSON_K3S_MIRROR" "$KEELSON_LOCAL_PID" "\${AWS_PROFILE-unset}"`;
    const said = execFileSync('sh', ['-c', script], { encoding: 'utf8' });

    // Assess
    expect(said).toBe(`${VARIABLES['KEELSON_K3S_MIRROR']}|42|unset`);
    expect(readLocalEnvFile(text)).toEqual({ ...VARIABLES, KEELSON_LOCAL_PID: '42' });
  });

  it('leads the AWS CLI of either version to its region, whatever region the shell names', () => {
    const script = `export AWS_REGION=ap-south-1 AWS_DEFAULT_REGION=ap-south-1\n${localEnvFile(VARIABLES, 42)}\nprintf '%s|%s' "$AWS_REGION" "$AWS_DEFAULT_REGION"`;
    expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe('eu-west-1|eu-west-1');
  });

  it('leads away from a real account', () => {
    const env = localEnvironment({ AWS_PROFILE: 'production', AWS_SESSION_TOKEN: 's', PATH: '/bin' }, VARIABLES);
    expect(env).toMatchObject({ PATH: '/bin', AWS_ENDPOINT_URL: 'http://127.0.0.1:4000' });
    expect(env).not.toHaveProperty('AWS_PROFILE');
    expect(env).not.toHaveProperty('AWS_SESSION_TOKEN');
  });
});

describe('the file of a local stack', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keelson-env-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('counts while its process lives, and is removed with it', () => {
    // Prepare
    const path = join(folder, '.keelson', 'local.env');

    // Act
    const remove = writeEnvFile(path, VARIABLES);
    const during = readEnvFile(path);
    remove();

    // Assess
    expect(during).toMatchObject({ TEMPORAL_ADDRESS: '127.0.0.1:7233' });
    expect(readEnvFile(path)).toBeNull();
  });

  it('does not count when its process is gone', () => {
    // Prepare: beyond the largest process id of Linux and macOS.
    const path = join(folder, 'local.env');
    writeFileSync(path, localEnvFile(VARIABLES, 4_194_305), { mode: 0o600 });

    // Act, assess
    expect(readEnvFile(path)).toBeNull();
  });

  it('is for its user alone, also where there was another file or a link before', () => {
    // Prepare
    const path = join(folder, 'local.env');
    const elsewhere = join(folder, 'elsewhere');
    writeFileSync(elsewhere, 'mine', { mode: 0o644 });
    symlinkSync(elsewhere, path);

    // Act
    writeEnvFile(path, VARIABLES);

    // Assess
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(elsewhere, 'utf8')).toBe('mine');
    expect(readEnvFile(path)).toMatchObject(VARIABLES);
  });

  const written = (change: Record<string, string> = {}, more = ''): string =>
    `${localEnvFile({ ...VARIABLES, ...change }, process.pid)}${more}`;
  it.each([
    ['a program to run', written({ AWS_CONFIG_FILE: '/tmp/config' }), 'does not write the variable AWS_CONFIG_FILE'],
    ['a variable of Node', written({ NODE_OPTIONS: '--import=/tmp/x' }), 'does not write the variable NODE_OPTIONS'],
    ['a name of every object', written({ constructor: 'x' }), 'does not write the variable constructor'],
    ['another Temporal', written({ TEMPORAL_ADDRESS: '198.51.100.1:7233' }), 'TEMPORAL_ADDRESS is not'],
    [
      'a name that begins as loopback',
      written({ TEMPORAL_ADDRESS: '127.0.0.1.example.org:7233' }),
      'TEMPORAL_ADDRESS is not',
    ],
    ['another AWS', written({ AWS_ENDPOINT_URL: 'https://s3.example.org' }), 'AWS_ENDPOINT_URL is not'],
    [
      'a host behind a user name',
      written({ AWS_ENDPOINT_URL: 'http://127.0.0.1:1@example.org' }),
      'AWS_ENDPOINT_URL is not',
    ],
    ['a real key', written({ AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE' }), 'AWS_ACCESS_KEY_ID is not'],
    [
      'a process group',
      written({ KEELSON_LOCAL_PID: '0' }).replace(/^export KEELSON_LOCAL_PID=\d+$/m, ''),
      'KEELSON_LOCAL_PID is not',
    ],
    ['no endpoint', written().replace(/^export AWS_ENDPOINT_URL=.*$/m, ''), 'AWS_ENDPOINT_URL is missing'],
    ['a command', written({}, 'touch /tmp/RAN\n'), 'has lines that `npm run local` does not write'],
    ['a command in a value', written({}, 'export KEELSON_BUCKET=$(id)\n'), 'has lines that'],
    ['too much', written({}, `# ${'x'.repeat(20_000)}\n`), 'is larger than 16 KiB'],
  ])('is ignored, and said so, with %s', (_what, text, reason) => {
    // Prepare
    const path = join(folder, 'local.env');
    writeFileSync(path, text, { mode: 0o600 });
    const said: string[] = [];

    // Act
    const read = readEnvFile(path, (line) => said.push(line));

    // Assess
    expect(read).toBeNull();
    expect(said).toEqual([expect.stringContaining(reason)]);
    expect(said[0]).toMatch(new RegExp(`^${path} is ignored: `));
  });

  it.each([
    ['open to its group', 'its mode is 0640, not 0600', (path: string) => chmodSync(path, 0o640)],
    ['open to all', 'its mode is 0604, not 0600', (path: string) => chmodSync(path, 0o604)],
    [
      'a symbolic link',
      'it is a symbolic link',
      (path: string) => {
        renameSync(path, `${path}.real`);
        symlinkSync(`${path}.real`, path);
      },
    ],
    [
      'a folder',
      'it is not a regular file',
      (path: string) => {
        rmSync(path);
        mkdirSync(path);
      },
    ],
  ])('is ignored when it is %s', (_what, reason, corrupt) => {
    // Prepare
    const path = join(folder, 'local.env');
    writeFileSync(path, written(), { mode: 0o600 });
    corrupt(path);
    const said: string[] = [];

    // Act, assess
    expect(readEnvFile(path, (line) => said.push(line))).toBeNull();
    expect(said).toEqual([`${path} is ignored: ${reason}`]);
  });

  it('of someone else runs nothing by a command in its folder, which says so once', async () => {
    // Prepare: a credential process is what the AWS SDK runs when it is asked for a key.
    mkdirSync(join(folder, '.keelson'));
    const config = join(folder, 'aws-config');
    writeFileSync(config, `[default]\ncredential_process = touch ${join(folder, 'RAN')}\n`);
    writeFileSync(
      join(folder, '.keelson/local.env'),
      `export KEELSON_LOCAL_PID=${process.pid}\nexport AWS_CONFIG_FILE='${config}'\n`,
      { mode: 0o600 },
    );

    // Act
    const ran = await run(['list'], { cwd: folder, env: {} });

    // Assess
    expect(ran.stderr.match(/local\.env is ignored: /g)).toHaveLength(1);
    expect(existsSync(join(folder, 'RAN'))).toBe(false);
  });
});
