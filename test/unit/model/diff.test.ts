import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ChangeClass, diffDocuments, refusalsOf } from '#src/model/diff.js';
import { pool, valid } from './spec/sample.js';

type Spec = Record<string, unknown>;
/** All nodes have what the sample document asks for. */
const RUNNING = { oldest: 'v1.34.2+k3s1', newest: 'v1.34.2+k3s1' };
const k3s = (fields: Spec) => ({ k3s: { version: 'v1.34.2+k3s1', ...fields } });
const config = (fields: Spec) => k3s({ config: fields });

const ROLE = 'arn:aws:iam::222222222222:role/keelson-member';
const inAccount = (roleArn?: string, externalId?: string): Spec => ({
  access: { instanceProfile: 'keelson-node' },
  ...(roleArn !== undefined && { account: { roleArn, ...(externalId !== undefined && { externalId }) } }),
});

const CASES: [string, Spec, Spec, string, ChangeClass, RegExp][] = [
  ['the region', {}, { region: 'eu-west-2' }, 'spec.region', 'recreate-refused', /lives in one region/],
  [
    'to another account',
    inAccount(ROLE),
    inAccount(ROLE.replace('2222', '3333')),
    'spec.account.roleArn',
    'recreate-refused',
    /does not move to another account/,
  ],
  ['out of the account', inAccount(ROLE), inAccount(), 'spec.account', 'recreate-refused', /does not move/],
  ['into an account', inAccount(), inAccount(ROLE), 'spec.account', 'recreate-refused', /does not move/],
  [
    'another role of the account',
    inAccount(ROLE),
    inAccount(`${ROLE}-2`),
    'spec.account.roleArn',
    'nothing',
    /this role of the same account/,
  ],
  [
    'another external id',
    inAccount(ROLE, 'one'),
    inAccount(ROLE, 'two'),
    'spec.account.externalId',
    'nothing',
    /from now on/,
  ],
  ['ha to dev', { mode: 'ha' }, { mode: 'dev' }, 'spec.mode', 'recreate-refused', /etcd members/],
  ['dev to ha', { mode: 'dev' }, { mode: 'ha' }, 'spec.mode', 'scale', /two servers join: 1 -> 3 nodes/],
  [
    'the cluster CIDR',
    {},
    config({ 'cluster-cidr': '10.50.0.0/16' }),
    'spec.k3s.config.cluster-cidr',
    'recreate-refused',
    /never again/,
  ],
  [
    'encryption off',
    config({ 'secrets-encryption': true }),
    config({ 'secrets-encryption': false }),
    'spec.k3s.config.secrets-encryption',
    'recreate-refused',
    /could not be read/,
  ],
  [
    'encryption on',
    config({ 'secrets-encryption': false }),
    config({ 'secrets-encryption': true }),
    'spec.k3s.config.secrets-encryption',
    'recreate-refused',
    /stay as they are/,
  ],
  [
    'encryption that is on by default turned off',
    {},
    config({ 'secrets-encryption': false }),
    'spec.k3s.config.secrets-encryption',
    'recreate-refused',
    /could not be read/,
  ],
  [
    'encryption that is on by default asked for',
    {},
    config({ 'secrets-encryption': true }),
    'spec.k3s.config.secrets-encryption',
    'nothing',
    /on in both/,
  ],
  ['a newer patch', {}, { k3s: { version: 'v1.34.3+k3s1' } }, 'spec.k3s.version', 'node', /upgraded/],
  [
    'a minor skipped',
    {},
    { k3s: { version: 'v1.36.0+k3s1' } },
    'spec.k3s.version',
    'recreate-refused',
    /skips a minor version/,
  ],
  [
    'an older version',
    {},
    { k3s: { version: 'v1.34.1+k3s1' } },
    'spec.k3s.version',
    'recreate-refused',
    /does not go back/,
  ],
  ['disable', {}, config({ disable: ['traefik'] }), 'spec.k3s.config.disable', 'config-restart', /on the servers/],
  [
    'kubelet arguments',
    {},
    config({ 'kubelet-arg': ['v=2'] }),
    'spec.k3s.config.kubelet-arg',
    'config-restart',
    /on all nodes/,
  ],
  [
    'a name of the API',
    {},
    { access: { extraSans: ['k3s.example.org'] } },
    'spec.access.extraSans',
    'config-restart',
    /certificate/,
  ],
  [
    'who may reach the API',
    {},
    { access: { apiCidrs: ['10.0.0.0/8'] } },
    'spec.access.apiCidrs',
    'nothing',
    /security group/,
  ],
  [
    'the type of servers',
    {},
    { servers: { instanceType: 't3.large' } },
    'spec.servers.instanceType',
    'node',
    /one node at a time/,
  ],
  [
    'the type of a pool',
    { pools: [pool()] },
    { pools: [pool({ instanceType: 'm6i.large' })] },
    'spec.pools.workers.instanceType',
    'node',
    /as many nodes at a time as upgrade\.maxUnavailable allows/,
  ],
  ['a new pool', {}, { pools: [pool()] }, 'spec.pools.workers', 'scale', /is added: 3 -> 5 nodes/],
  ['a pool removed', { pools: [pool()] }, {}, 'spec.pools.workers', 'scale', /drained first: 5 -> 3 nodes/],
  [
    'more agents',
    { pools: [pool()] },
    { pools: [pool({ count: 4 })] },
    'spec.pools.workers.count',
    'scale',
    /grows: 5 -> 7 nodes/,
  ],
  [
    'fewer agents',
    { pools: [pool()] },
    { pools: [pool({ count: 1 })] },
    'spec.pools.workers.count',
    'scale',
    /shrinks/,
  ],
  [
    'labels of a pool',
    { pools: [pool()] },
    { pools: [pool({ labels: { a: 'b' } })] },
    'spec.pools.workers.labels.a',
    'nothing',
    /through the API, without a restart/,
  ],
  ['the VPC', {}, { network: { vpcId: 'vpc-12345678' } }, 'spec.network.vpcId', 'recreate-refused', /another VPC/],
  [
    'public addresses',
    {},
    { network: { publicIp: false } },
    'spec.network.publicIp',
    'recreate-refused',
    /at its launch/,
  ],
  ['protection', {}, { deletion: { protect: true } }, 'spec.deletion.protect', 'nothing', /no node/],
  ['the mirror', {}, k3s({ mirror: 'https://m.example.org/k3s' }), 'spec.k3s.mirror', 'nothing', /next download/],
];

const specs = fc.record({
  mode: fc.constantFrom('ha', 'dev'),
  paused: fc.boolean(),
  pools: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      count: fc.nat(3),
      instanceType: fc.constantFrom('t3.small', 't3.large'),
    }),
    { selector: (one) => one.name },
  ),
  tags: fc.dictionary(fc.constantFrom('a', 'b', 'toString'), fc.constantFrom('x', 'y')),
  k3s: fc.record({
    version: fc.constantFrom('v1.33.6+k3s1', 'v1.34.2+k3s1', 'v1.35.0+k3s1'),
    config: fc.dictionary(fc.constantFrom('disable', 'default-runtime', 'cluster-domain'), fc.constantFrom('x', 'y')),
  }),
});

describe('diffDocuments', () => {
  it.each(CASES)('judges %s', (_what, before, after, path, expected, reason) => {
    // Act
    const changes = diffDocuments(valid(before), valid(after), RUNNING);
    // Assess
    expect(changes.map((change) => [change.path.join('.'), change.class])).toEqual([[path, expected]]);
    expect(changes[0]?.reason).toMatch(reason);
    expect(changes[0]?.wayAround !== '').toBe(expected === 'recreate-refused');
  });

  it('names each refused part with the way around', () => {
    // Prepare
    const after = valid({ region: 'eu-west-2', mode: 'dev' }, { name: 'other' });
    // Act
    const refusals = refusalsOf(valid(), after, RUNNING);
    // Assess
    expect(refusals.map((text) => text.split(':')[0])).toEqual(['metadata.name', 'spec.mode', 'spec.region']);
    for (const text of refusals) expect(text).toMatch(/\(.+\)$/);
  });

  it.each([
    ['v1.33.6+k3s1', 'v1.34.2+k3s1', 'v1.33.7+k3s3'],
    ['v1.33.7+k3s1', 'v1.34.2+k3s1', 'v1.33.7+k3s3'],
    ['v1.33.7+k3s2', 'v1.33.13+k3s1', 'v1.33.7+k3s3'],
    ['v1.32.11+k3s1', 'v1.33.13+k3s1', 'v1.32.11+k3s3'],
    ['v1.31.9+k3s1', 'v1.32.11+k3s3', null],
    ['v1.32.0+k3s1', 'v1.32.11+k3s3', null],
    ['v1.32.11+k3s3', 'v1.33.13+k3s1', null],
    ['v1.32.1+k3s1', 'v1.33.7+k3s3', null],
    ['v1.33.7+k3s3', 'v1.34.2+k3s1', null],
    ['v1.33.9+k3s1', 'v1.34.2+k3s1', null],
    ['v1.34.2+k3s1', 'v1.35.0+k3s1', null],
  ])('lets etcd 3.6 in only behind an etcd that is ready for it: %s to %s goes by %s', (from, to, by) => {
    // Act
    const [change] = diffDocuments(valid({ k3s: { version: from } }), valid({ k3s: { version: to } }), {
      oldest: from,
      newest: from,
    });
    // Assess
    expect(change?.class).toBe(by === null ? 'node' : 'recreate-refused');
    expect(change?.wayAround).toBe(by === null ? '' : `upgrade to ${by} first`);
  });

  it('sees no change where only the order of pools or keys differs', () => {
    const [a, b] = [pool({ name: 'a' }), pool({ name: 'b' })];
    expect(diffDocuments(valid({ pools: [a, b] }), valid({ pools: [b, a] }), RUNNING)).toEqual([]);
  });

  it('is empty for equal documents only, and sees the same places both ways', () => {
    fc.assert(
      fc.property(specs, specs, (one, other) => {
        // Prepare
        const [before, after] = [valid(one), valid(other)];
        // Act
        const there = diffDocuments(before, after, RUNNING);
        const back = diffDocuments(after, before, RUNNING);
        // Assess
        expect(diffDocuments(before, valid(one), RUNNING)).toEqual([]);
        expect(there.map(({ path, from, to }) => ({ path, from, to }))).toEqual(
          back.map(({ path, from, to }) => ({ path, from: to, to: from })),
        );
        for (const change of there) expect(change.reason).not.toBe('');
      }),
    );
  });
});
