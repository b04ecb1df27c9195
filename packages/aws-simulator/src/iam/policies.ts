/** The policies of deploy/aws/keelson.yaml, as they are once the stack stands in the simulator's account. */
import { readFileSync } from 'node:fs';
import { STACK_GUID } from '../credentials.js';
import { ACCOUNT_ID, MEMBER_ACCOUNT_ID } from '../ec2/network.js';
import { NODE_PROFILE, NODE_ROLE_ARN, type PrincipalName, principalOf } from './principals.js';
import { DEAD_LETTERS } from './sqs-actions.js';
import { type Properties, readTemplate, type Value } from './template.js';

const TEMPLATE = new URL('../../../../deploy/aws/keelson.yaml', import.meta.url);
const MEMBER_TEMPLATE = new URL('../../../../deploy/aws/member-account.yaml', import.meta.url);

export interface Statement {
  Sid: string;
  Effect: 'Allow' | 'Deny';
  Action: string[];
  /** Everything else that IAM reads: Resource, Principal, Condition. */
  [element: string]: unknown;
}

export interface Policy {
  /** The resource of the template that it stands in. */
  name: string;
  statements: Statement[];
}

export interface Policies {
  identity: Record<Exclude<PrincipalName, 'admin'>, Policy>;
  bucket: Policy;
  queue: Policy;
  /** Trust policy of the role of deploy/aws/member-account.yaml. */
  trust: Policy;
}

/** Names of the managed policies of deploy/aws/keelson.yaml. */
const MANAGED = ['WorkerPolicy', 'WorkerRecordsPolicy', 'UserPolicy', 'NodeAccessPolicy', 'CleanerPolicy'] as const;

export interface StackNames {
  homeRegion: string;
  bucket: string;
  queueUrl: string;
  queueArn: string;
  /** Parameters of the stack that differ from their defaults. */
  parameters?: Record<string, string>;
}

/** @throws Error for what the template cannot be read for; the simulator does not start then */
export function readPolicies(names: StackNames): Policies {
  const properties = stack(names);
  const member = memberStack(names);
  return {
    identity: {
      worker: together(policyIn(properties, 'WorkerPolicy'), policyIn(properties, 'WorkerRecordsPolicy')),
      user: policyIn(properties, 'UserPolicy'),
      operator: together(policyIn(properties, 'UserPolicy'), policyIn(properties, 'NodeAccessPolicy')),
      cleaner: policyIn(properties, 'CleanerPolicy'),
      node: inlinePolicies(properties, 'NodeRole'),
      member: policyIn(member, 'MemberPolicy'),
    },
    bucket: policyIn(properties, 'BucketPolicy'),
    queue: policyIn(properties, 'EventsQueuePolicy'),
    trust: { name: 'MemberRole', statements: statementsOf(member('MemberRole')['AssumeRolePolicyDocument']) },
  };
}

/** Each managed policy as IAM stores it; MemberPolicy is that of deploy/aws/member-account.yaml. */
export function managedPolicies(names: StackNames): Policy[] {
  const properties = stack(names);
  return [...MANAGED.map((name) => policyIn(properties, name)), policyIn(memberStack(names), 'MemberPolicy')];
}

/** ARNs of the rules that the template makes; events come to the queue in their name. */
export function ruleArn(homeRegion: string, rule: 'InstanceRule' | 'ConfigRule'): string {
  return `arn:aws:events:${homeRegion}:${ACCOUNT_ID}:rule/keelson-${rule}`;
}

function stack({ homeRegion, bucket, queueUrl, queueArn, parameters = {} }: StackNames): Properties {
  const people = { WorkerArns: principalOf('worker').roleArn, KubeconfigReaderArns: principalOf('user').roleArn };
  return readTemplate(readFileSync(TEMPLATE, 'utf8'), {
    parameters: { ...people, ...parameters },
    pseudo: {
      'AWS::AccountId': ACCOUNT_ID,
      'AWS::Partition': 'aws',
      'AWS::Region': homeRegion,
      'AWS::StackId': `arn:aws:cloudformation:${homeRegion}:${ACCOUNT_ID}:stack/keelson/${STACK_GUID}`,
      'AWS::StackName': 'keelson',
    },
    resources: {
      Key: { Arn: `arn:aws:kms:${homeRegion}:${ACCOUNT_ID}:key/keelson` },
      Bucket: { Ref: bucket, Arn: `arn:aws:s3:::${bucket}` },
      NodeRole: { Ref: 'keelson-node', Arn: NODE_ROLE_ARN },
      NodeProfile: { Ref: NODE_PROFILE, Arn: `arn:aws:iam::${ACCOUNT_ID}:instance-profile/${NODE_PROFILE}` },
      EventsQueue: { Ref: queueUrl, Arn: queueArn },
      EventsDeadLetters: { Ref: `${queueUrl}${DEAD_LETTERS}`, Arn: `${queueArn}${DEAD_LETTERS}` },
      InstanceRule: { Arn: ruleArn(homeRegion, 'InstanceRule') },
      ConfigRule: { Arn: ruleArn(homeRegion, 'ConfigRule') },
    },
  });
}

/** External id that the role in the other account asks for. */
export const MEMBER_EXTERNAL_ID = 'keelson-local';

/** Parameters that mean the same in both templates. */
const SHARED = ['Regions', 'EbsKmsKeyArns', 'MetadataHopLimit', 'GroupsByTag'];

/** Returns the stack of the other account; its account is replaced when it is asked for another one. */
function memberStack({ homeRegion, parameters = {} }: StackNames): Properties {
  return readTemplate(readFileSync(MEMBER_TEMPLATE, 'utf8'), {
    parameters: {
      WorkerArns: principalOf('worker').roleArn,
      ExternalId: MEMBER_EXTERNAL_ID,
      Installation: parameters['Installation'] ?? STACK_GUID,
      ...Object.fromEntries(
        SHARED.flatMap((name) => (parameters[name] === undefined ? [] : [[name, parameters[name]]])),
      ),
    },
    pseudo: {
      'AWS::AccountId': MEMBER_ACCOUNT_ID,
      'AWS::Partition': 'aws',
      'AWS::Region': homeRegion,
      'AWS::StackName': 'keelson-member',
    },
    resources: {
      MemberPolicy: { Ref: `arn:aws:iam::${MEMBER_ACCOUNT_ID}:policy/keelson-member` },
      NodeRole: { Ref: 'keelson-node', Arn: `arn:aws:iam::${MEMBER_ACCOUNT_ID}:role/keelson-node` },
    },
  });
}

/** Returns a principal with both policies; reports name the first. */
const together = (one: Policy, other: Policy): Policy => ({
  name: one.name,
  statements: [...one.statements, ...other.statements],
});

function policyIn(properties: Properties, name: string): Policy {
  return { name, statements: statementsOf(properties(name)['PolicyDocument']) };
}

function inlinePolicies(properties: Properties, role: string): Policy {
  const documents = properties(role)['Policies'];
  const statements = (Array.isArray(documents) ? documents : []).flatMap((one) =>
    statementsOf((one as { PolicyDocument: Value }).PolicyDocument),
  );
  return { name: role, statements };
}

function statementsOf(document: Value): Statement[] {
  const { Statement: statements } = document as { Statement: (Omit<Statement, 'Action'> & { Action: unknown })[] };
  return statements.map((one) => ({ ...one, Action: [one.Action].flat() }) as Statement);
}
