import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEnvFile, writeEnvFile } from '../../../src/local/env-file.js';
import { localEnvFile, localEnvironment, localVariables, parseLocalEnvFile } from '../../../src/local/local-env.js';

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
    expect(parseLocalEnvFile(text)).toEqual({ ...VARIABLES, KEELSON_LOCAL_PID: '42' });
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
    writeFileSync(path, localEnvFile(VARIABLES, 4_194_305));

    // Act, assess
    expect(readEnvFile(path)).toBeNull();
  });
});
