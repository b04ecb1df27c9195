/** What AWS refuses, by the kind of mistake, and beside each what it takes. Each goes over the wire, by the real SDK. */
import * as ec2 from '@aws-sdk/client-ec2';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import * as s3 from '@aws-sdk/client-s3';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as ssm from '@aws-sdk/client-ssm';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREDENTIALS as KEYS } from '../../../../packages/aws-simulator/src/credentials.js';
import { createMachineHost } from '../../../../packages/aws-simulator/src/machine/host.js';
import { launchOne } from '../ec2/launch-one.js';
import { CREDENTIALS, startTestRegion, type TestRegion } from '../local-region.js';

let region: TestRegion;
let id: string;

beforeAll(async () => {
  // With the host of the machines: SSM asks it for them, though none is there but the one.
  region = await startTestRegion({ createHost: createMachineHost });
  id = await launchOne(region);
});
afterAll(() => region.close());

type Command = Parameters<ec2.EC2Client['send']>[0];

/** The error's name, or `taken`. */
async function answerOf(
  service: 'ec2' | 'ssm' | 'sqs' | 's3' | 'sts' | 'sns' | 'eventbridge',
  command: unknown,
): Promise<string> {
  const options = { endpoint: region.url, region: 'eu-west-1', credentials: CREDENTIALS, maxAttempts: 1 };
  const client = {
    ec2: () => region.ec2Client(),
    ssm: () => new ssm.SSMClient(options),
    sqs: () => new SQSClient(options),
    s3: () => region.s3Client(),
    // The role's trust policy names the worker.
    sts: () => new STSClient({ ...options, credentials: KEYS.worker }),
    sns: () => new SNSClient(options),
    eventbridge: () => new EventBridgeClient(options),
  }[service]() as ec2.EC2Client;
  return client.send(command as Command).then(
    () => 'taken',
    (error: Error) => error.name,
  );
}

const ids = (count: number, prefix = 'i') =>
  Array.from({ length: count }, (_, n) => `${prefix}-0${n.toString(16).padStart(16, '0')}`);
const by = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });

describe('EC2 refuses', () => {
  it.each<[string, unknown, string]>([
    [
      'a filter of another call',
      new ec2.DescribeInstanceStatusCommand(by('instance-id', 'i-1')),
      'InvalidParameterValue',
    ],
    ['a tag where there are none', new ec2.DescribeInstanceStatusCommand(by('tag:a', 'b')), 'InvalidParameterValue'],
    [
      'a tag-key where there are none',
      new ec2.DescribeInstanceTypesCommand(by('tag-key', 'b')),
      'InvalidParameterValue',
    ],
    ['tag-value, which no call has', new ec2.DescribeInstancesCommand(by('tag-value', 'b')), 'InvalidParameterValue'],
    ['a misspelt filter', new ec2.DescribeSubnetsCommand(by('vpcid', 'vpc-1')), 'InvalidParameterValue'],
    [
      'a value that the filter has not',
      new ec2.DescribeInstancesCommand(by('instance-state-name', 'up')),
      'InvalidParameterValue',
    ],
    ['a Boolean that is none', new ec2.DescribeInstancesCommand(by('ebs-optimized', 'yes')), 'InvalidParameterValue'],
    ['a filter without values', new ec2.DescribeVpcsCommand(by('is-default')), 'InvalidParameterValue'],
    ['201 values of a filter', new ec2.DescribeInstancesCommand(by('instance-id', ...ids(201))), 'FilterLimitExceeded'],
    [
      '201 values of two filters',
      new ec2.DescribeInstancesCommand({
        Filters: [
          ...by('instance-id', ...ids(199)).Filters,
          ...by('instance-state-name', 'running', 'pending').Filters,
        ],
      }),
      'FilterLimitExceeded',
    ],
    [
      'a page size beside ids',
      new ec2.DescribeInstanceStatusCommand({ InstanceIds: ids(1), MaxResults: 50 }),
      'InvalidParameterCombination',
    ],
    ['101 ids', new ec2.DescribeInstanceStatusCommand({ InstanceIds: ids(101) }), 'InvalidParameterValue'],
    ['1,001 ids', new ec2.TerminateInstancesCommand({ InstanceIds: ids(1_001) }), 'InvalidParameterValue'],
    ['too small a page', new ec2.DescribeSecurityGroupsCommand({ MaxResults: 4 }), 'InvalidParameterValue'],
    ['too large a page', new ec2.DescribeInstanceTypesCommand({ MaxResults: 101 }), 'InvalidParameterValue'],
    ['a request without what it must have', new ec2.CreateTagsCommand({ Resources: [], Tags: [] }), 'MissingParameter'],
    [
      'a tag whose key is too long',
      new ec2.CreateTagsCommand({ Resources: ids(1), Tags: [{ Key: 'k'.repeat(128), Value: '' }] }),
      'InvalidParameterValue',
    ],
    [
      'a group whose description has a letter of another alphabet',
      new ec2.CreateSecurityGroupCommand({ GroupName: 'a', Description: 'für alle' }),
      'InvalidParameterValue',
    ],
    [
      'a group beside an interface',
      launch({ SecurityGroupIds: ['sg-1'], NetworkInterfaces: [{ DeviceIndex: 0, SubnetId: 'subnet-1' }] }),
      'InvalidParameterCombination',
    ],
    ['an interface without index', launch({ NetworkInterfaces: [{ SubnetId: 'subnet-1' }] }), 'MissingParameter'],
    ['a token of 65 characters', launch({ ClientToken: 'a'.repeat(65) }), 'InvalidParameterValue'],
    ['a token that is not ASCII', launch({ ClientToken: 'ä' }), 'InvalidParameterValue'],
    ['no instance at all', launch({ MinCount: 0 }), 'InvalidParameterValue'],
    ['a hop limit of 65', launch({ MetadataOptions: { HttpPutResponseHopLimit: 65 } }), 'InvalidParameterValue'],
    [
      'a choice that is none',
      launch({ MetadataOptions: { HttpTokens: 'always' as 'required' } }),
      'InvalidParameterValue',
    ],
    [
      'a volume that its type cannot be',
      launch(disk({ VolumeType: 'gp2', VolumeSize: 16_385 })),
      'InvalidParameterValue',
    ],
    ['a member that this call does not support', launch(disk({ AvailabilityZone: 'eu-west-1a' })), 'InvalidParameter'],
  ])('%s', async (_, command, code) => {
    expect(await answerOf('ec2', command)).toBe(code);
  });

  it('says what is wrong in its own words', async () => {
    const status = region.ec2Client().send(new ec2.DescribeInstanceStatusCommand(by('instance-id', id)));
    await expect(status).rejects.toThrow("The filter 'instance-id' is invalid");
  });

  it('a nested member that it does not know', async () => {
    // Prepare
    const client = region.ec2Client();
    client.middlewareStack.add(
      (next) => (args) => {
        const request = args.request as { body: string; headers: Record<string, string> };
        request.body += '&Filter.1.Values.1=x';
        request.headers['content-length'] = String(request.body.length);
        return next(args);
      },
      { step: 'build', priority: 'low' },
    );

    // Act
    const asked = client.send(new ec2.DescribeInstancesCommand(by('instance-id', id)));

    // Assess
    await expect(asked).rejects.toThrow('The parameter Filter.1.Values is not recognized');
  });

  it('an action that the tables do not have', async () => {
    expect(await answerOf('ec2', new ec2.DescribeKeyPairsCommand({}))).toBe('InvalidAction');
  });
});

describe('EC2 takes', () => {
  it.each<[string, () => unknown]>([
    ['200 values', () => new ec2.DescribeInstancesCommand(by('instance-id', ...ids(200)))],
    ['tags where there are some', () => new ec2.DescribeInstancesCommand(by('tag:a', 'b'))],
    ['a wildcard where values are listed', () => new ec2.DescribeInstancesCommand(by('instance-state-name', 'run*'))],
    ['another name of a filter', () => new ec2.DescribeSubnetsCommand(by('defaultForAz', 'true'))],
    ['its ids', () => new ec2.DescribeInstanceStatusCommand({ InstanceIds: [id], IncludeAllInstances: true })],
    ['page sizes at their ends', () => new ec2.DescribeInstanceTypesCommand({ MaxResults: 100 })],
  ])('%s', async (_, command) => {
    expect(await answerOf('ec2', command())).toBe('taken');
  });
});

function launch(more: Partial<ec2.RunInstancesCommandInput>): unknown {
  const least = { ImageId: 'ami-00000000', InstanceType: 't3.small' as const, MinCount: 1, MaxCount: 1 };
  return new ec2.RunInstancesCommand({ ...least, ...more });
}

function disk(Ebs: ec2.EbsBlockDevice): Partial<ec2.RunInstancesCommandInput> {
  return { BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs }] };
}

describe('SSM refuses', () => {
  const send = (more: Partial<ssm.SendCommandCommandInput>) =>
    new ssm.SendCommandCommand({ DocumentName: 'AWS-RunShellScript', Parameters: { commands: ['true'] }, ...more });
  const list = (...Filters: { Key: string; Values: string[] }[]) =>
    new ssm.DescribeInstanceInformationCommand({ Filters });
  const status = (value: string) => ({ Filters: [{ key: 'Status' as const, value }] });

  it.each<[string, unknown, string]>([
    ['51 instances', send({ InstanceIds: ids(51) }), 'ValidationException'],
    ['what is no instance id', send({ InstanceIds: ['server-0'] }), 'ValidationException'],
    ['six targets', send({ Targets: ids(6).map((Key) => ({ Key, Values: ['a'] })) }), 'ValidationException'],
    ['51 values of a target', send({ Targets: [{ Key: 'tag:a', Values: ids(51) }] }), 'ValidationException'],
    ['a comment of 101 characters', send({ InstanceIds: ids(1), Comment: 'a'.repeat(101) }), 'ValidationException'],
    ['29 s for the delivery', send({ InstanceIds: ids(1), TimeoutSeconds: 29 }), 'ValidationException'],
    ['a share of errors that is none', send({ InstanceIds: ids(1), MaxErrors: '101%' }), 'ValidationException'],
    ['a page of four agents', new ssm.DescribeInstanceInformationCommand({ MaxResults: 4 }), 'ValidationException'],
    ['a page of 51 agents', new ssm.DescribeInstanceInformationCommand({ MaxResults: 51 }), 'ValidationException'],
    ['an unknown filter', list({ Key: 'Name', Values: ['a'] }), 'InvalidFilterKey'],
    [
      'a tag filter beside another one',
      list({ Key: 'tag-key', Values: ['a'] }, { Key: 'PingStatus', Values: ['Online'] }),
      'ValidationException',
    ],
    ['six values of a tag', list({ Key: 'tag:a', Values: ids(6) }), 'ValidationException'],
    ['a ping that is none', list({ Key: 'PingStatus', Values: ['Offline'] }), 'InvalidInstanceInformationFilterValue'],
    [
      'two values where one may be',
      list({ Key: 'ResourceType', Values: ['EC2Instance', 'ManagedInstance'] }),
      'InvalidInstanceInformationFilterValue',
    ],
    ['101 ids', list({ Key: 'InstanceIds', Values: ids(101) }), 'ValidationException'],
    ['an instance that is not there', list({ Key: 'InstanceIds', Values: ids(1) }), 'InvalidInstanceId'],
    [
      'filters of both generations',
      new ssm.DescribeInstanceInformationCommand({
        Filters: [{ Key: 'PingStatus', Values: ['Online'] }],
        InstanceInformationFilterList: [{ key: 'PingStatus', valueSet: ['Online'] }],
      }),
      'ValidationException',
    ],
    ['a page of 51 commands', new ssm.ListCommandsCommand({ MaxResults: 51 }), 'ValidationException'],
    ['what is no command id', new ssm.ListCommandsCommand({ CommandId: 'c-1' }), 'ValidationException'],
    [
      'a stage where there are invocations',
      new ssm.ListCommandInvocationsCommand({ Filters: [{ key: 'ExecutionStage', value: 'Complete' }] }),
      'InvalidFilterKey',
    ],
    [
      'a status that only invocations have',
      new ssm.ListCommandsCommand(status('Undeliverable')),
      'ValidationException',
    ],
    [
      'an instance beside Pending',
      new ssm.ListCommandsCommand({ InstanceId: ids(1)[0], ...status('Pending') }),
      'ValidationException',
    ],
    ['eleven parameters', new ssm.GetParametersCommand({ Names: ids(11) }), 'ValidationException'],
    ['an action that the tables do not have', new ssm.ListDocumentsCommand({}), 'UnknownOperationException'],
  ])('%s', async (_, command, code) => {
    expect(await answerOf('ssm', command)).toBe(code);
  });

  it('not what its documents allow', async () => {
    const tags = new ssm.DescribeInstanceInformationCommand({
      Filters: [{ Key: 'tag-key', Values: ['keelson:cluster'] }],
      MaxResults: 50,
    });
    const lost = new ssm.DescribeInstanceInformationCommand({
      Filters: [{ Key: 'PingStatus', Values: ['ConnectionLost'] }],
    });
    expect([await answerOf('ssm', tags), await answerOf('ssm', lost)]).toEqual(['taken', 'taken']);
  });
});

describe('SQS refuses', () => {
  const receive = (more: object) => new ReceiveMessageCommand({ QueueUrl: region.queueUrl, ...more });

  it.each<[string, () => unknown, string]>([
    ['eleven messages', () => receive({ MaxNumberOfMessages: 11 }), 'InvalidParameterValue'],
    ['a wait of 21 s', () => receive({ WaitTimeSeconds: 21 }), 'InvalidParameterValue'],
    ['a request without queue', () => new ReceiveMessageCommand({ QueueUrl: undefined }), 'MissingParameter'],
    [
      'a delay of 901 s',
      () => new SendMessageCommand({ QueueUrl: 'q', MessageBody: 'a', DelaySeconds: 901 }),
      'InvalidParameterValue',
    ],
  ])('%s', async (_, command, code) => {
    expect(await answerOf('sqs', command())).toBe(code);
  });
});

const MEMBER_ROLE = 'arn:aws:iam::222222222222:role/keelson/keelson-member';

describe('STS refuses', () => {
  const assume = (more: object) =>
    new AssumeRoleCommand({ RoleArn: MEMBER_ROLE, RoleSessionName: 'keelson', ExternalId: 'keelson-local', ...more });

  it.each<[string, object]>([
    ['a request without role', { RoleArn: undefined }],
    ['a role of 19 characters', { RoleArn: 'arn:aws:iam::2:role' }],
    ['what is no ARN of a role', { RoleArn: 'arn:aws:iam::222222222222:user/a' }],
    ['a session of one letter', { RoleSessionName: 'a' }],
    ['a session of 65 letters', { RoleSessionName: 'a'.repeat(65) }],
    ['a session with a slash', { RoleSessionName: 'a/b' }],
    ['an external id with a space', { ExternalId: 'a b' }],
    ['899 seconds', { DurationSeconds: 899 }],
    ['43,201 seconds', { DurationSeconds: 43_201 }],
    ['51 tags', { Tags: ids(51).map((Key) => ({ Key, Value: '' })) }],
    ['a tag without value', { Tags: [{ Key: 'a' }] }],
    ['a policy with a short ARN', { PolicyArns: [{ arn: 'arn' }] }],
  ])('%s', async (_, more) => {
    expect(await answerOf('sts', assume(more))).toBe('ValidationError');
  });

  it('says what is wrong in its own words', async () => {
    // Prepare
    const client = new STSClient({ endpoint: region.url, region: 'eu-west-1', credentials: CREDENTIALS });

    // Act
    const asked = client.send(assume({ RoleSessionName: 'a:b' }));

    // Assess
    await expect(asked).rejects.toThrow(
      "1 validation error detected: Value 'a:b' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    );
  });

  it('not what its documents allow', async () => {
    const most = { DurationSeconds: 900, Tags: [{ Key: 'a', Value: 'b' }], TransitiveTagKeys: ['a'], PolicyArns: [] };
    expect(await answerOf('sts', assume(most))).toBe('taken');
  });
});

describe('SNS refuses', () => {
  const publish = (more: object) => new PublishCommand({ TopicArn: region.topicArn, Message: 'a', ...more });

  it.each<[string, object, string]>([
    ['a request without message', { Message: undefined }, 'ValidationError'],
    ['an attribute without type', { MessageAttributes: { a: { StringValue: 'b' } } }, 'ValidationError'],
    ['an empty message', { Message: '' }, 'InvalidParameter'],
    ['a message of more than 256 KiB', { Message: 'a'.repeat(262_145) }, 'InvalidParameter'],
    ['an empty subject', { Subject: '' }, 'InvalidParameter'],
    ['a subject of two lines', { Subject: 'a\nb' }, 'InvalidParameter'],
    ['a subject of 100 characters', { Subject: 'a'.repeat(100) }, 'InvalidParameter'],
    ['a structure that is none', { MessageStructure: 'xml' }, 'InvalidParameter'],
    ['a name of a message with a space', { MessageDeduplicationId: 'a b' }, 'InvalidParameter'],
  ])('%s', async (_, more, code) => {
    expect(await answerOf('sns', publish(more))).toMatch(new RegExp(`^${code}(Exception)?$`));
  });

  it('not what its documents allow', async () => {
    const more = { Subject: 'a'.repeat(99), MessageAttributes: { a: { DataType: 'String', StringValue: 'b' } } };
    expect(await answerOf('sns', publish(more))).toBe('taken');
  });
});

describe('EventBridge refuses', () => {
  const entry = { Source: 'keelson', DetailType: 'a', Detail: '{}' };

  it.each<[string, object[] | undefined]>([
    ['a request without entries', undefined],
    ['no entry at all', []],
    ['eleven entries', ids(11).map(() => entry)],
    ['a name of a bus with a space', [{ ...entry, EventBusName: 'a b' }]],
    ['a resource of 2,049 characters', [{ ...entry, Resources: ['a'.repeat(2_049)] }]],
  ])('%s', async (_, Entries) => {
    expect(await answerOf('eventbridge', new PutEventsCommand({ Entries }))).toBe('ValidationException');
  });

  it('not ten entries', async () => {
    const ten = new PutEventsCommand({ Entries: ids(10).map(() => entry) });
    expect(await answerOf('eventbridge', ten)).toBe('taken');
  });
});

describe('S3 refuses', () => {
  const at = { Bucket: 'keelson-test', Key: 'a' };

  it.each<[string, unknown, string]>([
    [
      'a write that must not be there but for one ETag',
      new s3.PutObjectCommand({ ...at, Body: '', IfNoneMatch: '"x"' }),
      'InvalidArgument',
    ],
    [
      'a class of storage that is none',
      new s3.PutObjectCommand({ ...at, Body: '', StorageClass: 'WARM' as 'STANDARD' }),
      'InvalidArgument',
    ],
    ['part 10,001', new s3.GetObjectCommand({ ...at, PartNumber: 10_001 }), 'InvalidArgument'],
    ['an operation that the tables do not have', new s3.GetBucketAclCommand(at), 'NotImplemented'],
  ])('%s', async (_, command, code) => {
    expect(await answerOf('s3', command)).toBe(code);
  });
});
