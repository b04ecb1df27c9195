/**
 * Every action that deploy/aws/keelson.yaml allows is needed: taken away from its statement, a story about what Keelson does fails. What
 * no story needs is named with its reason, or does not belong into the template.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { notificationsBus } from '../../packages/aws-simulator/src/eventbridge/buses.js';
import {
  type Policies,
  type Policy,
  readPolicies,
  type Statement,
} from '../../packages/aws-simulator/src/iam/policies.js';
import { memberRoleArn } from '../../packages/aws-simulator/src/iam/principals.js';
import { type Region, startRegion } from '../../packages/aws-simulator/src/server.js';
import { notificationsTopic } from '../../packages/aws-simulator/src/sns/topics.js';
import { BUCKET, REGION } from './support/fixture.js';
import { NEEDS, type Need } from './support/needs.js';
import { Scene } from './support/scene.js';

const KEY = `arn:aws:kms:${REGION}:000000000000:key/11111111-2222-3333-4444-555555555555`;

/** What stories cannot show, and why it is allowed all the same. */
const WITHOUT_STORY: Record<string, string> = {
  'NodeRole.Register ssm:ListAssociations': 'the agent asks at its start; without it only its log complains',
  'NodeRole.Register ssm:ListInstanceAssociations': 'as ssm:ListAssociations',
  'NodeRole.Messages ssmmessages:CreateDataChannel': 'sessions of people: nodes have no SSH, but aws ssm start-session',
  'NodeRole.Messages ssmmessages:OpenDataChannel': 'as ssmmessages:CreateDataChannel',
  'NodeRole.Messages ec2messages:AcknowledgeMessage': 'agents before 3.3.40 take commands by ec2messages',
  'NodeRole.Messages ec2messages:DeleteMessage': 'as ec2messages:AcknowledgeMessage',
  'NodeRole.Messages ec2messages:FailMessage': 'as ec2messages:AcknowledgeMessage',
  'NodeRole.Messages ec2messages:GetEndpoint': 'as ec2messages:AcknowledgeMessage',
  'NodeRole.Messages ec2messages:GetMessages': 'as ec2messages:AcknowledgeMessage',
  'NodeRole.Messages ec2messages:SendReply': 'as ec2messages:AcknowledgeMessage',
};

interface Granted {
  name: string;
  policy: string;
  sid: string;
  /** An action, or where a statement allows several resources one of those. */
  what: string;
}

const identity = ({ policy, sid, action }: { policy: string; sid: string; action: string }) =>
  `${policy}.${sid} ${action}`;

/** As in a stack with a key of its own for the bucket; the names do not matter. */
const TEMPLATE = readPolicies({
  homeRegion: REGION,
  bucket: BUCKET,
  queueUrl: 'http://127.0.0.1/000000000000/keelson-events',
  queueArn: `arn:aws:sqs:${REGION}:000000000000:keelson-events`,
  parameters: {
    KmsKeyArn: KEY,
    MemberRoleArns: memberRoleArn('*'),
    NotifyTopicArn: notificationsTopic(REGION),
    NotifyEventBusArn: notificationsBus(REGION),
  },
});

const allowing = (statements: Statement[]) => statements.filter(({ Effect }) => Effect === 'Allow');
/**
 * But those of the operator: `keelson logs` and `exec` are their stories, in test/e2e/cli.test.ts. And that of the role in another account: it has the
 * worker's own statements, see test/unit/deploy/member-account.test.ts.
 */
const policiesOf = ({ identity: { operator: _, member: __, ...own }, queue }: Policies): Policy[] => [
  ...Object.values(own),
  queue,
];
const resourcesOf = ({ Resource }: Statement): string[] => [Resource].flat() as string[];

const ACTIONS: Granted[] = policiesOf(TEMPLATE).flatMap(({ name, statements }) =>
  allowing(statements).flatMap(({ Sid: sid, Action }) =>
    Action.map((what) => ({ name: `${name}.${sid} ${what}`, policy: name, sid, what })),
  ),
);
const RESOURCES: Granted[] = policiesOf(TEMPLATE).flatMap(({ name, statements }) =>
  allowing(statements).flatMap((statement) => {
    const resources = resourcesOf(statement);
    const { Sid: sid } = statement;
    return resources.length < 2
      ? []
      : resources.map((what) => ({ name: `${name}.${sid} on ${what}`, policy: name, sid, what }));
  }),
);

/** The entry of the template that has allowed a call: its action, or one with a wildcard that stands for it. */
function grantOf(used: { policy: string; sid: string; action: string }): string {
  const entry = ACTIONS.find(
    ({ policy, sid, what }) =>
      policy === used.policy &&
      sid === used.sid &&
      (what === used.action || (what.endsWith('*') && used.action.startsWith(what.slice(0, -1)))),
  );
  return entry?.name ?? identity(used);
}

let dir: string;
let region: Region;
/** Stories by the statement and action that they used. */
const needs = new Map<string, Need[]>();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-permissions-'));
  region = await startRegion({ dir, profile: 'fast', bucket: BUCKET, kmsKeyArn: KEY });
  for (const need of NEEDS) {
    region.iam.usePolicies(region.iam.policies);
    await tell(need);
    const names = new Set([...region.iam.used].map(grantOf));
    for (const name of names) needs.set(name, [...(needs.get(name) ?? []), need]);
  }
});
afterEach(() => region.iam.usePolicies(region.iam.policies));
afterAll(async () => {
  await region.close();
  rmSync(dir, { recursive: true, force: true });
});

async function tell({ what, story }: Need): Promise<void> {
  const scene = new Scene(region);
  try {
    await story(scene);
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    scene.close();
  }
}

/** The policies with one statement changed. */
function changed({ policy, sid }: Granted, change: (statement: Statement) => Statement): Policies {
  const { identity: own, bucket, queue, trust } = region.iam.policies;
  const among = (one: Policy): Policy => {
    if (one.name !== policy) return one;
    return { name: policy, statements: one.statements.map((each) => (each.Sid === sid ? change(each) : each)) };
  };
  const { worker, user, operator, cleaner, node, member } = own;
  return {
    identity: {
      worker: among(worker),
      user: among(user),
      operator,
      cleaner: among(cleaner),
      node: among(node),
      member: among(member),
    },
    bucket,
    queue: among(queue),
    trust: among(trust),
  };
}

/** The first of the stories that fails; null when all go well. */
async function failing(stories: Iterable<Need>): Promise<string | null> {
  for (const need of stories) {
    const failed = await tell(need).then(
      () => false,
      () => true,
    );
    if (failed) return need.what;
  }
  return null;
}

describe('an action of the template', () => {
  it.each(ACTIONS)('$name is needed, or named with its reason', async (granted) => {
    // Prepare
    const stories = needs.get(granted.name) ?? [];
    const reason = WITHOUT_STORY[granted.name];
    expect(stories.length > 0, `used by a story, or named with a reason (${reason})`).toBe(reason === undefined);

    // Act
    const { what } = granted;
    region.iam.usePolicies(
      changed(granted, (statement) => ({ ...statement, Action: statement.Action.filter((one) => one !== what) })),
    );
    const failed = await failing(stories);

    // Assess
    expect(failed === null, `what fails without it: ${failed}`).toBe(reason !== undefined);
  });
});

describe('a resource of a statement', () => {
  it.each(RESOURCES)('$name is needed', async (granted) => {
    // Prepare
    const { policy, sid, what } = granted;
    const ofStatement = [...needs].filter(([name]) => name.startsWith(`${policy}.${sid} `)).flatMap(([, list]) => list);

    // Act
    region.iam.usePolicies(
      changed(granted, (statement) => ({
        ...statement,
        Resource: resourcesOf(statement).filter((one) => one !== what),
      })),
    );
    const failed = await failing(new Set(ofStatement));

    // Assess
    expect(failed).not.toBeNull();
  });
});
