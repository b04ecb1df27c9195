import { DescribeSubnetsCommand, DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { imagesOf } from '../../packages/aws-simulator/src/ec2/images.js';
import { documentOf, openStackFixture, type StackFixture } from './fixture.js';

let fixture: StackFixture;
let subnetOfOtherVpc: string;
let defaultVpc: string;
let subnetOfZoneC: string;
let subnetOfZoneA: string;
beforeAll(async () => {
  fixture = await openStackFixture();
  const endpoint = fixture.stack.region.url;
  const ec2 = new EC2Client({ region: 'eu-west-1', endpoint, credentials: CREDENTIALS.admin });
  const { Vpcs = [] } = await ec2.send(new DescribeVpcsCommand({}));
  const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({}));
  defaultVpc = Vpcs.find((vpc) => vpc.IsDefault)?.VpcId ?? '';
  subnetOfOtherVpc = Subnets.find((subnet) => subnet.VpcId !== defaultVpc)?.SubnetId ?? '';
  const ofZoneC = Subnets.find((one) => one.VpcId === defaultVpc && one.AvailabilityZone === 'eu-west-1c');
  subnetOfZoneC = ofZoneC?.SubnetId ?? '';
  const ofZoneA = Subnets.find((one) => one.VpcId === defaultVpc && one.AvailabilityZone === 'eu-west-1a');
  subnetOfZoneA = ofZoneA?.SubnetId ?? '';
  ec2.destroy();
});
afterEach(() => fixture.region('faults', { method: 'DELETE' }));
afterAll(() => fixture?.close());

const nothingWasMade = async (): Promise<void> => {
  const { launches } = await fixture.region<{ launches: unknown[] }>('record?calls=false');
  expect(launches).toEqual([]);
  const { instances, volumes, securityGroups } = await fixture.region<Record<string, unknown[]>>('leftovers');
  expect({ instances, volumes, securityGroups }).toEqual({ instances: [], volumes: [], securityGroups: [] });
};

/** Interfaces of others hold all but so many of the 4,091 addresses of each /20. */
const leaveFree = (addresses: number) =>
  fixture.region('faults', {
    method: 'POST',
    body: JSON.stringify({ point: 'addresses', data: { others: 4_091 - addresses } }),
  });

const text = (spec: Parameters<typeof documentOf>[1] = {}): string => stringify(documentOf('bad', spec));
const bomb = `a: &a [x, x, x, x, x, x, x, x, x]
${[...'bcdefghi'].map((name, index) => `${name}: &${name} [${`*${'abcdefgh'[index]}, `.repeat(9)}*${'abcdefgh'[index]}]`).join('\n')}
`;

describe('a bad document is refused at once, before anything is asked of Temporal or AWS', () => {
  it.each<{ what: string; content: string | Uint8Array; says: RegExp }>([
    {
      what: 'an unknown key',
      content: text().replace('mode:', 'moed:'),
      says: /^bad\.yaml:\d+:\d+: spec\.moed: .*mode/m,
    },
    { what: 'a wrong type', content: text({ pools: 3 }), says: /^bad\.yaml:\d+:\d+: spec\.pools: /m },
    { what: 'a missing field', content: text({ k3s: undefined }), says: /^bad\.yaml:\d+:\d+: spec\.k3s: /m },
    {
      what: 'a duplicate key',
      content: `${text()}  mode: ha\n`,
      says: /^bad\.yaml:\d+:\d+: spec\.mode: duplicate key/m,
    },
    {
      what: 'two documents in one file',
      content: `${text()}---\n${text()}`,
      says: /^bad\.yaml:\d+:\d+: .*2 documents/m,
    },
    { what: 'an empty file', content: '', says: /^bad\.yaml:1:1: .*is empty/m },
    {
      what: 'a binary file',
      content: new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 0, 1, 0xff]),
      says: /^bad\.yaml:1:1: /m,
    },
    { what: 'a bomb of anchors', content: bomb, says: /^bad\.yaml:\d+:\d+: .*alias/m },
    { what: 'what is no YAML', content: 'a: [1,', says: /^bad\.yaml:\d+:\d+: .*is not YAML/m },
    { what: 'a version in another form', content: text({ k3s: { version: 'latest' } }), says: /spec\.k3s\.version: / },
    { what: 'several problems', content: text({ mode: 'hb', region: 'here' }), says: /spec\.region[\s\S]*spec\.mode/ },
  ])('$what', async ({ content, says }) => {
    // Prepare
    fixture.file('bad.yaml', content);

    // Act
    const [applied, validated] = await Promise.all([
      fixture.keelson('apply', '-f', 'bad.yaml', '--wait'),
      fixture.keelson('validate', '-f', 'bad.yaml'),
    ]);

    // Assess
    expect(applied).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(says) });
    expect(validated).toMatchObject({ code: 2, stderr: applied.stderr });
    await nothingWasMade();
  });
});

describe('what only the account knows is refused by line and column, before anything is stored', () => {
  it.each<{ name: string; what: string; spec: () => Record<string, unknown>; says: RegExp }>([
    {
      name: 'subnet',
      what: 'a subnet of another VPC',
      spec: () => ({ network: { vpcId: defaultVpc, subnetIds: [subnetOfOtherVpc] } }),
      says: /SubnetNotInVpc[\s\S]*subnet-/,
    },
    {
      name: 'type',
      what: 'a type that does not exist',
      spec: () => ({ servers: { instanceType: 'z9.large' } }),
      says: /TypeUnknown[\s\S]*z9\.large/,
    },
    {
      name: 'zone',
      what: 'a type that is not offered in the zone',
      spec: () => ({ servers: { instanceType: 'm6i.xlarge' }, network: { subnetIds: [subnetOfZoneC] } }),
      says: /TypeNotOffered[\s\S]*m6i\.xlarge/,
    },
    {
      name: 'arch',
      what: 'an amd64 type with an arm64 image, whose id does not tell',
      spec: () => ({ image: { id: imagesOf('eu-west-1').find(({ architecture }) => architecture === 'arm64')?.id } }),
      says: /ArchitectureMismatch/,
    },
    {
      name: 'vpc',
      what: 'the network of pods in the VPC',
      spec: () => ({ k3s: { version: 'v1.34.2+k3s1', config: { 'cluster-cidr': '10.0.0.0/12' } } }),
      says: /spec\.k3s\.config\.cluster-cidr: 10\.0\.0\.0\/12 overlaps 10\.\d+\.0\.0\/16 of vpc-/,
    },
  ])('$what', async ({ name, spec, says }) => {
    // Prepare
    const file = fixture.document(name, spec());

    // Act
    const [planned, applied] = await Promise.all([
      fixture.keelson('plan', '-f', file),
      fixture.keelson('apply', '-f', file, '--wait'),
    ]);

    // Assess
    for (const ran of [planned, applied]) {
      expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(says) });
      expect(ran.stderr).toMatch(/^\S+\.yaml:\d+:\d+: spec\.[^\n]+ \([^\n]+\)$/m);
    }
    expect((await fixture.keelson('status', name)).code).toBe(3);
    await nothingWasMade();
  });
});

describe('subnets with fewer free addresses than nodes are to be launched', () => {
  it.each<{ name: string; what: string; spec: () => Record<string, unknown>; says: RegExp }>([
    {
      name: 'room',
      what: 'of all zones',
      spec: () => ({
        network: { subnetIds: [subnetOfZoneA, subnetOfZoneC] },
        pools: [{ name: 'workers', count: 2, instanceType: 't3.large' }],
      }),
      says: /spec\.network\.subnetIds: the cluster needs addresses for 3 more nodes, and its subnets have 2 free: 1 in eu-west-1a, 1 in eu-west-1c/,
    },
    {
      name: 'pool',
      what: 'of the zones of a pool',
      spec: () => ({ pools: [{ name: 'workers', count: 2, instanceType: 't3.large', zones: ['eu-west-1b'] }] }),
      says: /spec\.pools\[0\]\.count: .*pool workers needs addresses for 2 more nodes, and its subnets have 1 free: 1 in eu-west-1b/,
    },
  ])('are refused by plan and apply, before anything is made: $what', async ({ name, spec, says }) => {
    // Prepare
    const file = fixture.document(name, spec());
    await leaveFree(1);

    // Act
    const [planned, applied] = await Promise.all([
      fixture.keelson('plan', '-f', file),
      fixture.keelson('apply', '-f', file, '--wait'),
    ]);

    // Assess
    for (const ran of [planned, applied]) {
      expect(ran).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(says) });
      expect(ran.stderr).toMatch(/^\S+\.yaml:\d+:\d+: spec\.[^\n]+ \([^\n]+\)$/m);
    }
    expect((await fixture.keelson('status', name)).code).toBe(3);
    await nothingWasMade();
  });
});

describe('what works in the account and is perhaps not meant', () => {
  it('is a warning of plan, with its place, and refuses nothing', async () => {
    // Prepare
    const file = fixture.document('zones', { mode: 'ha', network: { subnetIds: [subnetOfZoneA, subnetOfZoneC] } });

    // Act
    const planned = await fixture.keelson('plan', '-f', file);

    // Assess
    expect(planned.code, planned.stderr).toBe(0);
    expect(planned.stderr).toMatch(
      /^warning: \S+zones\.yaml:\d+:\d+: spec\.network\.subnetIds: 2 of 3 servers come to eu-west-1a: without this zone/m,
    );
    await nothingWasMade();
  });
});

describe('what only the worker finds out fails the create, with what to do, and nothing is made', () => {
  it.each<{ name: string; what: string; spec: () => Record<string, unknown>; says: RegExp }>([
    {
      name: 'sum',
      what: 'a checksum that does not fit',
      spec: () => ({ k3s: { version: 'v1.34.2+k3s1', sha256: { amd64: 'a'.repeat(64) } } }),
      says: /ChecksumMismatch/,
    },
  ])('$what', async ({ name, spec, says }) => {
    // Prepare
    const file = fixture.document(name, spec());

    // Act
    const applied = await fixture.keelson('apply', '-f', file, '--wait');
    const explained = await fixture.keelson('explain', name);
    const deleted = await fixture.keelson('delete', name, '--yes', '--wait');

    // Assess
    expect(applied).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(says) });
    expect(applied.stderr).toMatch(/^ {2}-> \S+/m);
    expect(explained.stdout).toMatch(says);
    expect(deleted.code).toBe(0);
    await nothingWasMade();
  });

  it('a version without a release at the mirror, refused by line and column before anything is stored', async () => {
    // Prepare
    const file = fixture.document('version', { k3s: { version: 'v1.34.9+k3s7' } });

    // Act
    const applied = await fixture.keelson('apply', '-f', file, '--wait');
    const planned = await fixture.keelson('plan', '-f', file);

    // Assess
    for (const ran of [applied, planned]) {
      expect(ran).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(
          /version\.yaml:\d+:\d+: spec\.k3s\.version: the mirror \S+ has no v1\.34\.9\+k3s7 \(GET \S+: 404\) \(name a release/,
        ),
      });
    }
    expect((await fixture.keelson('status', 'version')).code).toBe(3);
    await nothingWasMade();
  });

  it('a region that does not exist', async () => {
    // Act
    const applied = await fixture.keelson(
      'apply',
      '-f',
      fixture.document('nowhere', { region: 'eu-west-9' }),
      '--wait',
    );

    // Assess
    expect(applied).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/RegionUnknown.*no region eu-west-9/),
    });
    expect(applied.stderr).toMatch(/^ {2}-> eu-west-9 does not exist.*set spec\.region to one of/m);
    await nothingWasMade();
  });

  it('no permission', async () => {
    // Prepare
    const error = {
      code: 'UnauthorizedOperation',
      status: 403,
      message: 'You are not authorized to perform this operation.',
    };
    await fixture.region('faults', {
      method: 'POST',
      body: JSON.stringify([{ id: 'forbidden', service: 'ec2', action: 'RunInstances', error }]),
    });

    // Act
    const applied = await fixture.keelson('apply', '-f', fixture.document('forbidden'), '--wait');
    await fixture.region('faults/forbidden', { method: 'DELETE' });
    const deleted = await fixture.keelson('delete', 'forbidden', '--yes', '--wait');

    // Assess
    expect(applied).toMatchObject({ code: 1, stderr: expect.stringMatching(/UnauthorizedOperation.*RunInstances/) });
    expect(applied.stderr).toMatch(/^ {2}-> .*ec2:RunInstances|^ {2}-> .*allow/im);
    expect(deleted.code).toBe(0);
    await nothingWasMade();
  });

  it('a bucket that is missing', async () => {
    // Act
    const { run, DIST } = await import('./fixture.js');
    const env = { ...fixture.stack.env, KEELSON_BUCKET: 'no-such-bucket' };
    const applied = await run(
      process.execPath,
      [`${DIST}bin/keelson.js`, 'apply', '-f', fixture.document('bucketless')],
      env,
      fixture.folder,
    );

    // Assess
    expect(applied).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/no-such-bucket does not exist/),
    });
    expect((await fixture.keelson('status', 'bucketless')).code).toBe(3);
  });

  it('a name that is taken in another region', async () => {
    // Prepare
    const first = fixture.document('taken', { k3s: { version: 'v1.34.2+k3s1', sha256: { amd64: 'a'.repeat(64) } } });
    expect(await fixture.keelson('apply', '-f', first)).toMatchObject({ code: 0 });

    // Act
    const file = fixture.document('taken', { region: 'us-east-1' });
    const applied = await fixture.keelson('apply', '-f', file);
    const planned = await fixture.keelson('plan', '-f', file);

    // Assess
    for (const ran of [applied, planned]) {
      expect(ran).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringMatching(/name taken is taken.*eu-west-1/),
      });
    }
    await fixture.keelson('delete', 'taken', '--yes', '--wait');
  });
});

describe('a workflow that is started by hand', () => {
  it('with nonsense fails at once and names every path', async () => {
    // Prepare
    const file = fixture.file(
      'nonsense.json',
      JSON.stringify({ apiVersion: 'keelson/v1', kind: 'Cluster', metadata: {}, spec: { mode: 'hb', colour: 'red' } }),
    );

    // Act
    await fixture.temporal(
      'workflow',
      'start',
      '--type',
      'cluster',
      '--task-queue',
      'keelson',
      '--workflow-id',
      'cluster/nonsense',
      '--input-file',
      file,
    );
    const failure = await fixture.client.workflow
      .getHandle('cluster/nonsense')
      .result()
      .then(
        () => null,
        (error: Error) => error.cause as Error & { type: string },
      );

    // Assess
    expect(failure?.type).toBe('InvalidSpec');
    for (const path of ['metadata.name', 'spec.mode', 'spec.colour', 'spec.region', 'spec.servers', 'spec.k3s']) {
      expect(failure?.message).toContain(path);
    }
    for (const command of ['status', 'explain'])
      expect(await fixture.keelson(command, 'nonsense')).toMatchObject({
        code: 3,
        stderr: expect.stringMatching(
          /there is no cluster nonsense: its workflow refused what it was started with: .*spec\.colour/s,
        ),
      });
    await nothingWasMade();
  });
});

describe('a request to what is not there', () => {
  it('says that there is no such cluster, whatever the command', async () => {
    // Prepare
    const lines = [
      'status',
      'explain',
      'history',
      'kubeconfig',
      'stop',
      'start',
      'pause',
      'resume',
      'retry',
      'delete',
      'resize',
    ];
    const extra: Record<string, string[]> = { delete: ['--yes', '--wait'], resize: ['--instance-type', 't3.large'] };

    // Act
    const ran = await Promise.all(lines.map((verb) => fixture.keelson(verb, 'absent', ...(extra[verb] ?? []))));

    // Assess
    for (const one of ran) {
      expect(one).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('there is no cluster absent') });
    }
  });
});

/** Last: it makes a cluster. */
describe('full subnets', () => {
  it('hold up no change that launches nothing', async () => {
    // Prepare
    const made = await fixture.keelson('apply', '-f', fixture.document('full', {}), '--wait');
    await leaveFree(0);
    const k3s = { version: 'v1.34.2+k3s1', config: { 'kubelet-arg': ['v=3'] } };

    // Act
    const planned = await fixture.keelson('plan', '-f', fixture.document('full', { k3s }));
    const grown = await fixture.keelson(
      'plan',
      '-f',
      fixture.document('full', { pools: [{ name: 'workers', count: 1, instanceType: 't3.large' }] }),
    );
    const deleted = await fixture.keelson('delete', 'full', '--yes', '--wait');

    // Assess
    expect(made.code, made.stderr).toBe(0);
    expect(planned.code, planned.stderr).toBe(0);
    expect(grown).toMatchObject({ code: 2, stderr: expect.stringMatching(/needs addresses for 1 more node,/) });
    expect(deleted.code, deleted.stderr).toBe(0);
  });
});
