import { describe, expect, it } from 'vitest';
import { EnvironmentError, readClientEnvironment, readWorkerEnvironment } from '#src/config/environment.js';

const none = () => Promise.resolve(undefined);
const MINIMAL = { KEELSON_BUCKET: 'ops-bucket', AWS_REGION: 'eu-west-1' };

const problemsOf = async (read: () => unknown): Promise<readonly string[]> => {
  try {
    await read();
  } catch (error) {
    if (error instanceof EnvironmentError) return error.problems;
    throw error;
  }
  return [];
};

describe('the environment of the worker', () => {
  it('fills in what may be left out', async () => {
    // Act
    const read = await readWorkerEnvironment(MINIMAL, none);

    // Assess
    expect(read).toMatchObject({
      bucket: 'ops-bucket',
      homeRegion: 'eu-west-1',
      taskQueue: 'keelson',
      logLevel: 'info',
      instanceProfile: null,
      metricsAddress: null,
      healthFile: null,
      k3sMirror: null,
      allowedMirrors: null,
      temporal: { address: '127.0.0.1:7233', namespace: 'default' },
    });
  });

  it('lists every problem at once', async () => {
    // Prepare
    const env = {
      KEELSON_LOG_LEVEL: 'loud',
      KEELSON_METRICS_ADDRESS: '9464',
      KEELSON_K3S_MIRROR: 'mirror.internal',
      KEELSON_ALLOWED_MIRRORS: 'https://a, b',
      KEELSON_INSTANCE_PROFILE: 'no spaces',
      AWS_ENDPOINT_URL: 'ftp://x',
      TEMPORAL_PROFILE: 'nowhere',
      TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml',
    };

    // Act
    const problems = await problemsOf(() => readWorkerEnvironment(env, none));

    // Assess
    const named = problems.map((problem) => problem.split(':')[0]);
    for (const name of [
      'KEELSON_BUCKET',
      'KEELSON_LOG_LEVEL',
      'KEELSON_ALLOWED_MIRRORS',
      'KEELSON_METRICS_ADDRESS',
      'KEELSON_K3S_MIRROR',
      'KEELSON_INSTANCE_PROFILE',
      'AWS_ENDPOINT_URL',
      'AWS_REGION',
      'TEMPORAL_*',
    ]) {
      expect(named).toContain(name);
    }
  });

  it('takes a variable that is set to nothing as not set', async () => {
    // Act
    const read = await readWorkerEnvironment({ ...MINIMAL, KEELSON_HEALTH_FILE: '', KEELSON_TASK_QUEUE: '' }, none);

    // Assess
    expect(read).toMatchObject({ healthFile: null, taskQueue: 'keelson' });
  });

  it.each([
    { env: { AWS_DEFAULT_REGION: 'us-east-2' }, profile: undefined, expected: 'us-east-2' },
    { env: {}, profile: 'ap-south-1', expected: 'ap-south-1' },
    { env: { AWS_REGION: 'eu-west-3' }, profile: 'ap-south-1', expected: 'eu-west-3' },
  ])('finds the region $expected', async ({ env, profile, expected }) => {
    // Act
    const read = await readWorkerEnvironment({ KEELSON_BUCKET: 'ops-bucket', ...env }, () => Promise.resolve(profile));

    // Assess
    expect(read.homeRegion).toBe(expected);
  });

  it('reads Temporal as every Temporal tool does', async () => {
    // Act
    const read = await readWorkerEnvironment(
      { ...MINIMAL, TEMPORAL_ADDRESS: 'cloud.example:7233', TEMPORAL_NAMESPACE: 'ops', TEMPORAL_API_KEY: 'k' },
      none,
    );

    // Assess
    expect(read.temporal).toMatchObject({ address: 'cloud.example:7233', namespace: 'ops' });
    expect(read.temporal.connectionOptions).toMatchObject({ apiKey: 'k', tls: true });
  });
});

describe('the environment of the CLI', () => {
  it('does without a bucket, for verbs that need none', () => {
    expect(readClientEnvironment({})).toMatchObject({ bucket: null, taskQueue: 'keelson' });
  });

  it('refuses a name that no bucket can have', async () => {
    expect(await problemsOf(() => readClientEnvironment({ KEELSON_BUCKET: 'Ops_Bucket' }))).toEqual([
      expect.stringContaining('KEELSON_BUCKET'),
    ]);
  });
});

describe('the address of Temporal', () => {
  it.each(['temporal:7233', 'temporal.example.com', '10.0.0.1:7233', '[::1]:7233', '::1'])('may be %s', (address) => {
    const read = readClientEnvironment({ ...MINIMAL, TEMPORAL_ADDRESS: address });
    expect(read.temporal.address).toBe(address);
  });

  it.each(['127.0.0.1:notaport', '127.0.0.1:', 'temporal:0', 'temporal:99999', 'http://temporal:7233', 'two words'])(
    'cannot be %j, which is reported before anything is connected',
    async (address) => {
      const problems = await problemsOf(() => readClientEnvironment({ ...MINIMAL, TEMPORAL_ADDRESS: address }));
      expect(problems).toEqual([expect.stringContaining('is not HOST:PORT')]);
    },
  );
});
