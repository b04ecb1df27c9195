import { Readable } from 'node:stream';
import { DescribeInstancesCommand, DescribeSecurityGroupsCommand, EC2Client } from '@aws-sdk/client-ec2';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Activities, ClaimInput } from '#src/activities/api.js';
import type { ActivityContext } from '#src/activities/attempt.js';
import { claimCluster } from '#src/activities/claim.js';
import type { ActivityDeps } from '#src/activities/deps.js';
import { clientTokenOf } from '#src/aws/client-token.js';
import type { OwnerRecord } from '#src/model/trust/ownership.js';
import { awsError, failureOf, installation, makeActivities, scope, start } from './support.js';

const ec2 = mockClient(EC2Client);
const s3 = mockClient(S3Client);
/** `clusters/shop/owner.json`: its text, and a version that each write changes. */
let stored: { text: string; etag: string } | null;
/** Someone else writes first, at the next write. */
let quicker: OwnerRecord | null;
let activities: Activities;

beforeEach(() => {
  stored = null;
  quicker = null;
  activities = makeActivities();
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [] });
  ec2.on(DescribeSecurityGroupsCommand).resolves({ SecurityGroups: [] });
  s3.on(HeadBucketCommand).resolves({});
  s3.on(ListObjectsV2Command).resolves({ Contents: [] });
  s3.on(GetObjectCommand).callsFake(() => {
    if (stored === null) throw awsError('NoSuchKey', 'none', 404);
    const { text, etag } = stored;
    return { ETag: etag, Body: Readable.from([Buffer.from(text)]) };
  });
  s3.on(PutObjectCommand).callsFake(({ Body, IfMatch, IfNoneMatch }: PutObjectCommandInput) => {
    if (quicker !== null) keep(quicker);
    quicker = null;
    const isAllowed = IfNoneMatch === '*' ? stored === null : IfMatch === stored?.etag;
    if (!isAllowed) throw awsError('PreconditionFailed', 'no', 412);
    keep(JSON.parse(String(Body)) as OwnerRecord);
    return { ETag: stored?.etag };
  });
});
afterEach(() => {
  ec2.reset();
  s3.reset();
});

let writes = 0;
const keep = (record: OwnerRecord): void => {
  writes += 1;
  stored = { text: JSON.stringify(record), etag: `"${writes}"` };
};
const owner = (): OwnerRecord => JSON.parse(stored?.text ?? 'null') as OwnerRecord;

const record = (over: Partial<OwnerRecord> = {}): OwnerRecord => ({
  ...{ installation: installation.id, namespace: 'default', namespaceId: '', uid: 'uid-old', firstRunId: 'run-old' },
  ...{ generation: 3, earlier: ['uid-older'], confirmed: [] },
  ...over,
});

/** An instance that EC2 shows; by default one that proves to be what its tags say. */
function shows(uid: string, over: { ClientToken?: string } = {}): void {
  const place = { installation: installation.id, cluster: 'shop', uid, slot: 'server-0', generation: 1 };
  const Tags = Object.entries(place).map(([name, value]) => ({ Key: `keelson:${name}`, Value: String(value) }));
  const own = {
    InstanceId: 'i-1',
    State: { Name: 'running' as const },
    ClientToken: clientTokenOf(installation, place, 'a request'),
    IamInstanceProfile: { Arn: 'arn:aws:iam::1:instance-profile/keelson-node' },
  };
  ec2.on(DescribeInstancesCommand).resolves({ Reservations: [{ Instances: [{ ...own, Tags, ...over }] }] });
}

const claim = (over: Partial<ClaimInput> = {}) =>
  start(activities.claimCluster, { ...scope, firstRunId: 'run-new', adopt: null, instanceProfile: null, ...over })
    .result;

describe('a claim to a name', () => {
  test('that no one owns is written once, and found again when it is repeated', async () => {
    const first = await claim();
    const again = await claim();

    expect(first).toEqual({ uid: 'uid-1', generation: 1, found: null });
    expect(again).toEqual(first);
    expect(s3.commandCalls(PutObjectCommand)).toHaveLength(1);
    expect(owner()).toMatchObject({ uid: 'uid-1', firstRunId: 'run-new', generation: 1 });
  });

  test('of an owner whose workflow is closed takes over what that has left, with the next generation', async () => {
    keep(record());
    shows('uid-old');

    const claimed = await claim();

    expect(claimed).toMatchObject({ uid: 'uid-old', generation: 4 });
    expect(claimed.found?.instances.map(({ id }) => id)).toEqual(['i-1']);
    expect(owner()).toMatchObject({ uid: 'uid-old', firstRunId: 'run-new', generation: 4, earlier: ['uid-older'] });
  });

  test('begins a new life where nothing is left of the last one, and remembers its uid', async () => {
    keep(record());

    expect(await claim()).toMatchObject({ uid: 'uid-1', found: null });
    expect(owner()).toMatchObject({ uid: 'uid-1', earlier: ['uid-older', 'uid-old'] });
  });

  test.each<[string, Partial<OwnerRecord>]>([
    ['another namespace of the name', { namespaceId: 'of another server' }],
    ['another installation', { installation: 'inst-2' }],
  ])('of %s is refused with its name, and nothing is written', async (_, over) => {
    keep(record(over));
    shows('uid-old');
    const before = stored;

    const failure = await failureOf(claim());

    expect(failure).toMatchObject({ code: 'OwnedByAnother', class: 'conflict', nonRetryable: true });
    expect(failure.message).toContain('the Temporal namespace default');
    expect(failure.hint).toContain('--adopt uid-old');
    expect(stored).toEqual(before);
  });

  test('goes on by a person’s word, but only for the uid of the owner', async () => {
    keep(record({ namespaceId: 'of another server' }));
    shows('uid-old');

    const wrong = await failureOf(claim({ adopt: 'uid-older' }));
    const right = await claim({ adopt: 'uid-old' });

    expect(wrong.code).toBe('OwnedByAnother');
    expect(right).toMatchObject({ uid: 'uid-old', generation: 4 });
  });

  test('where the record is lost and instances prove to be of another life, a person decides', async () => {
    shows('uid-old');

    const failure = await failureOf(claim());
    const nothing = await failureOf(claim({ adopt: 'uid-9' }));
    const adopted = await claim({ adopt: 'uid-old' });

    expect(failure).toMatchObject({ code: 'OwnerUnknown' });
    expect(failure.message).toContain('i-1');
    expect(nothing.code).toBe('NothingToAdopt');
    expect(adopted.uid).toBe('uid-old');
  });

  test('is not held up by an instance that only carries the name', async () => {
    shows('made-up', { ClientToken: 'of-others' });

    const claimed = await claim();

    expect(claimed).toMatchObject({ uid: 'uid-1', found: { instances: [], foreign: [{ id: 'i-1' }] } });
  });

  test('with a person’s word confirms instances of the expected profile where the key of the installation was lost', async () => {
    shows('uid-old', { ClientToken: 'sealed-with-a-lost-key' });

    const claimed = await claim({ adopt: 'uid-old' });

    expect(claimed.found?.instances.map(({ id }) => id)).toEqual(['i-1']);
    expect(owner().confirmed).toEqual(['i-1']);
  });

  test('loses to one that comes at the same time', async () => {
    quicker = record({ namespaceId: 'of another server', uid: 'uid-quick', firstRunId: 'run-quick' });

    expect((await failureOf(claim())).code).toBe('OwnedByAnother');
    expect(owner().uid).toBe('uid-quick');
  });
});

describe('a workflow that has lost its claim', () => {
  test.each(['sweep', 'stopInstances', 'terminateInstances', 'forget'] as const)('%s does nothing', async (name) => {
    keep(record({ uid: 'uid-1', generation: 4 }));
    const input = { ...scope, claim: 3, instanceIds: ['i-1'], keys: ['status.yaml'] };

    const failure = await failureOf(start(activities[name] as (of: typeof input) => Promise<unknown>, input).result);

    expect(failure).toMatchObject({ code: 'OwnershipLost', class: 'conflict', nonRetryable: true });
    expect(failure.message).toContain('run-old');
    const asked = ec2.calls().map((call) => call.args[0].constructor.name);
    expect(asked.filter((one) => !one.startsWith('Describe'))).toEqual([]);
  });

  test('deletes its keys again where an attempt before has deleted the record, too', async () => {
    s3.on(DeleteObjectCommand).resolves({});
    const startedAt = '2026-03-01T12:00:00.000Z';
    const input = { ...scope, claim: 3, keys: ['config.yaml', 'owner.json'], startedAt };
    expect(await start(activities.forget, input).result).toEqual({ remaining: [] });
  });

  test('goes on while it has it', async () => {
    keep(record({ uid: 'uid-1', generation: 3 }));
    expect(
      await start(activities.terminateInstances, { ...scope, claim: 3, instanceIds: ['i-1'] }).result,
    ).toBeUndefined();
  });
});

describe('a workflow that never had a claim', () => {
  const input = { ...scope, keys: ['config.yaml', 'owner.json'], startedAt: '2026-03-01T12:00:00.000Z' };

  test('deletes no keys of another life of the name', async () => {
    keep(record({ uid: 'uid-old' }));

    const failure = await failureOf(start(activities.forget, input).result);

    expect(failure).toMatchObject({ code: 'OwnedByAnother', class: 'conflict' });
    expect(failure.message).toContain('uid uid-old');
    expect(s3.commandCalls(DeleteObjectCommand)).toHaveLength(0);
  });

  test('deletes its own where the name is no one’s', async () => {
    s3.on(DeleteObjectCommand).resolves({});
    expect(await start(activities.forget, input).result).toEqual({ remaining: [] });
  });
});

describe('a name that no one owns', () => {
  const never = async (): Promise<never> => {
    throw new Error('asked before its turn');
  };
  /** A region in whose line of new names 150 wait. */
  const crowded = (text: string | null) => {
    const entered: string[] = [];
    const line = {
      enter: (id: string) => {
        entered.push(id);
        return { ms: 60_000, before: 150 };
      },
    };
    const deps = {
      installation: async () => installation,
      namespaceId: async () => '',
      bucket: { get: async () => (text === null ? null : { text, etag: '"1"' }), put: never },
      pace: { line: () => line, turn: never },
      readers: () => ({ named: { next: async () => ({ instances: [], groups: [] }) } }),
    } as unknown as ActivityDeps;
    return { deps, entered };
  };
  const attempt = {
    namespace: 'default',
    cancelled: new Promise<never>(() => undefined),
    signal: new AbortController().signal,
  } as ActivityContext;
  const input = { ...scope, firstRunId: 'run-new', adopt: null, instanceProfile: null };

  test('waits for its turn before anything is asked or written', async () => {
    const { deps, entered } = crowded(null);

    const failure = await failureOf(claimCluster(deps, attempt, input));

    expect(failure).toMatchObject({ code: 'AwaitsTurn', class: 'throttled' });
    expect(failure.message).toContain('the claim of shop: 150 others');
    expect(entered).toEqual(['uid-1']);
  });

  test('has no part in the turn of one that has an owner', async () => {
    const { deps, entered } = crowded(JSON.stringify(record({ firstRunId: 'run-other', namespaceId: 'other' })));

    const failure = await failureOf(claimCluster(deps, attempt, input));

    expect(failure.code).toBe('OwnedByAnother');
    expect(entered).toEqual([]);
  });
});
