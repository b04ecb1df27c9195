/** What each role is refused, in AWS's words: asked over the wire with the real SDK, judged by the policies of deploy/aws. */
import {
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeSnapshotsCommand,
  EC2Client,
  ModifyInstanceAttributeCommand,
  ModifyNetworkInterfaceAttributeCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { GetObjectCommand, ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetParameterCommand, ListCommandsCommand, SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CallerName, CREDENTIALS, STACK_GUID } from '../../../../packages/aws-simulator/src/credentials.js';
import { launchOne } from '../ec2/launch-one.js';
import { startTestRegion, type TestRegion } from '../local-region.js';

interface Callers {
  ec2: EC2Client;
  ssm: SSMClient;
  s3: S3Client;
  sqs: SQSClient;
}

let region: TestRegion;
let image: string;
/** An instance of another installation, and one of the stack's. */
let foreign: string;
let own: string;
/** The network interface of the stack's instance. */
let face: string;

beforeAll(async () => {
  region = await startTestRegion();
  const filters = [{ Name: 'architecture', Values: ['x86_64'] }];
  const { Images } = await region.ec2Client().send(new DescribeImagesCommand({ Owners: ['amazon'], Filters: filters }));
  image = Images?.[0]?.ImageId ?? '';
  own = await launchOne(region, { 'keelson:installation': STACK_GUID });
  const seen = await region.ec2Client().send(new DescribeInstancesCommand({ InstanceIds: [own] }));
  face = seen.Reservations?.[0]?.Instances?.[0]?.NetworkInterfaces?.[0]?.NetworkInterfaceId ?? '';
  foreign = await launchOne(region, { 'keelson:installation': 'another' });
});
afterAll(() => region.close());

function callers(caller: CallerName, name = 'eu-west-1'): Callers {
  const settings = { endpoint: region.url, region: name, credentials: CREDENTIALS[caller], maxAttempts: 1 };
  return {
    ec2: new EC2Client(settings),
    ssm: new SSMClient(settings),
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    sqs: new SQSClient(settings),
  };
}

const OURS = [{ Key: 'keelson:installation', Value: STACK_GUID }];
const SOME_GROUP = 'sg-0123456789abcdef0';
const GROUP = { GroupName: 'g', Description: 'd' };

function launch(over: Partial<RunInstancesCommandInput> = {}): RunInstancesCommand {
  return new RunInstancesCommand({
    ImageId: image,
    InstanceType: 't3.small',
    MinCount: 1,
    MaxCount: 1,
    IamInstanceProfile: { Name: 'keelson-node' },
    MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
    TagSpecifications: (['instance', 'volume'] as const).map((ResourceType) => ({ ResourceType, Tags: OURS })),
    DryRun: true,
    ...over,
  });
}

function script(instance: string): SendCommandCommand {
  const Parameters = { commands: ['true'] };
  return new SendCommandCommand({ DocumentName: 'AWS-RunShellScript', InstanceIds: [instance], Parameters });
}

const ROLE = 'arn:aws:iam::000000000000:role';
const object = (key: string) => ({ Bucket: 'keelson-test', Key: key });
const ARN = (kind: string, id: string) => `arn:aws:ec2:eu-west-1:000000000000:${kind}/${id}`;
const BUCKET = 'arn:aws:s3:::keelson-test';
const QUEUE = 'arn:aws:sqs:eu-west-1:000000000000:keelson-events';

interface Refused {
  who: CallerName;
  what: string;
  call: (as: Callers) => Promise<unknown>;
  name: string;
  status: number;
  action: string;
  /** Where it is not that no policy of the caller allows it. */
  because?: string;
  /** As the message names it; absent where AWS names none. */
  on?: () => string;
}

const ec2 = { name: 'UnauthorizedOperation', status: 403 };
const ssm = { name: 'AccessDeniedException', status: 400 };
const s3 = { name: 'AccessDenied', status: 403 };
const sqs = { name: 'AccessDenied', status: 403 };

const REFUSED: Refused[] = [
  {
    who: 'worker',
    what: 'a launch without the tag of the installation',
    call: (as) => as.ec2.send(launch({ TagSpecifications: [] })),
    ...ec2,
    action: 'ec2:RunInstances',
    on: () => ARN('instance', '*'),
  },
  {
    who: 'worker',
    what: 'a launch whose volumes lack the tag',
    call: (as) => as.ec2.send(launch({ TagSpecifications: [{ ResourceType: 'instance', Tags: OURS }] })),
    ...ec2,
    action: 'ec2:RunInstances',
    on: () => ARN('volume', '*'),
  },
  {
    who: 'worker',
    what: 'a launch with metadata that needs no token',
    call: (as) => as.ec2.send(launch({ MetadataOptions: { HttpTokens: 'optional', HttpPutResponseHopLimit: 1 } })),
    ...ec2,
    action: 'ec2:RunInstances',
    on: () => ARN('instance', '*'),
  },
  {
    who: 'worker',
    what: 'a launch with metadata that pods reach',
    call: (as) => as.ec2.send(launch({ MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 2 } })),
    ...ec2,
    action: 'ec2:RunInstances',
    on: () => ARN('instance', '*'),
  },
  {
    who: 'worker',
    what: 'to change the user data of its own instance',
    call: (as) =>
      as.ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: own, UserData: { Value: Buffer.from('#!') } })),
    ...ec2,
    action: 'ec2:ModifyInstanceAttribute',
    on: () => ARN('instance', own),
  },
  {
    who: 'worker',
    what: 'to change the groups of an interface, which carries no tag that says whose it is',
    call: (as) =>
      as.ec2.send(new ModifyNetworkInterfaceAttributeCommand({ NetworkInterfaceId: face, Groups: [SOME_GROUP] })),
    ...ec2,
    action: 'ec2:ModifyNetworkInterfaceAttribute',
    on: () => ARN('network-interface', face),
  },
  {
    who: 'worker',
    what: 'to hand another role to an instance',
    call: (as) => as.ec2.send(launch({ IamInstanceProfile: { Name: 'Administrator' } })),
    ...ec2,
    action: 'iam:PassRole',
    on: () => `${ROLE}/Administrator`,
  },
  {
    who: 'worker',
    what: 'a group without the tag',
    call: (as) => as.ec2.send(new CreateSecurityGroupCommand(GROUP)),
    ...ec2,
    action: 'ec2:CreateSecurityGroup',
    on: () => ARN('security-group', '*'),
  },
  {
    who: 'worker',
    what: 'to make an instance its own by the tag',
    call: (as) => as.ec2.send(new CreateTagsCommand({ Resources: [foreign], Tags: OURS })),
    ...ec2,
    action: 'ec2:CreateTags',
    on: () => ARN('instance', foreign),
  },
  {
    who: 'worker',
    what: 'to terminate an instance without the tag, beside one of its own',
    call: (as) => as.ec2.send(new TerminateInstancesCommand({ InstanceIds: [own, foreign] })),
    ...ec2,
    action: 'ec2:TerminateInstances',
    on: () => ARN('instance', foreign),
  },
  {
    who: 'worker',
    what: 'a command on an instance without the tag',
    call: (as) => as.ssm.send(script(foreign)),
    ...ssm,
    action: 'ssm:SendCommand',
    on: () => ARN('instance', foreign),
  },
  {
    who: 'worker',
    what: 'a parameter of the account',
    call: (as) => as.ssm.send(new GetParameterCommand({ Name: '/prod/password' })),
    ...ssm,
    action: 'ssm:GetParameter',
    on: () => 'arn:aws:ssm:eu-west-1:000000000000:parameter/prod/password',
  },
  {
    who: 'worker',
    what: 'objects that are not of clusters',
    call: (as) => as.s3.send(new PutObjectCommand({ ...object('other/file'), Body: 'x' })),
    ...s3,
    action: 's3:PutObject',
    on: () => `"${BUCKET}/other/file"`,
  },
  {
    who: 'worker',
    what: 'to write events',
    call: (as) => as.sqs.send(new SendMessageCommand({ QueueUrl: region.queueUrl, MessageBody: 'x' })),
    ...sqs,
    action: 'sqs:sendmessage',
    on: () => QUEUE,
  },
  {
    who: 'user',
    what: 'a look at snapshots',
    call: (as) => as.ec2.send(new DescribeSnapshotsCommand({})),
    ...ec2,
    action: 'ec2:DescribeSnapshots',
  },
  {
    who: 'user',
    what: 'the commands of SSM',
    call: (as) => as.ssm.send(new ListCommandsCommand({})),
    ...ssm,
    action: 'ssm:ListCommands',
    on: () => 'arn:aws:ssm:eu-west-1:000000000000:*',
  },
  {
    who: 'user',
    what: "a server's token",
    call: (as) => as.s3.send(new GetObjectCommand(object('clusters/shop/k3s-server-token'))),
    ...s3,
    action: 's3:GetObject',
    on: () => `"${BUCKET}/clusters/shop/k3s-server-token"`,
    because: 'with an explicit deny in a resource-based policy',
  },
  {
    who: 'user',
    what: 'to write the status',
    call: (as) => as.s3.send(new PutObjectCommand({ ...object('clusters/shop/status.yaml'), Body: 'x' })),
    ...s3,
    action: 's3:PutObject',
    on: () => `"${BUCKET}/clusters/shop/status.yaml"`,
  },
  {
    who: 'user',
    what: 'the list of buckets',
    call: (as) => as.s3.send(new ListBucketsCommand({})),
    ...s3,
    action: 's3:ListAllMyBuckets',
  },
  {
    who: 'user',
    what: 'events',
    call: (as) => as.sqs.send(new ReceiveMessageCommand({ QueueUrl: region.queueUrl })),
    ...sqs,
    action: 'sqs:receivemessage',
    on: () => QUEUE,
  },
  {
    who: 'cleaner',
    what: 'to terminate an instance without the tag',
    call: (as) => as.ec2.send(new TerminateInstancesCommand({ InstanceIds: [foreign] })),
    ...ec2,
    action: 'ec2:TerminateInstances',
    on: () => ARN('instance', foreign),
  },
  {
    who: 'cleaner',
    what: 'a launch',
    call: (as) => as.ec2.send(launch()),
    ...ec2,
    action: 'ec2:RunInstances',
    on: () => ARN('instance', '*'),
  },
];

describe('a call that the policies of deploy/aws do not allow', () => {
  it.each(REFUSED)('$who: $what', async ({ who, call, name, status, action, on, because }) => {
    // Act
    const refused = await call(callers(who)).catch((error: unknown) => error);

    // Assess
    const where = on === undefined ? '' : ` on resource: ${on()}`;
    const said = `${action}${where} ${because ?? `because no identity-based policy allows the ${action} action`}`;
    const arn = `arn:aws:sts::000000000000:assumed-role/keelson-${who}/${who}`;
    expect(refused).toMatchObject({ name, $metadata: { httpStatusCode: status } });
    expect((refused as Error).message).toContain(`User: ${arn} is not authorized to perform: ${said}`);
  });

  it('is refused as a whole, and nothing of it is done', async () => {
    // Act
    const { ec2: worker } = callers('worker');
    await worker.send(new TerminateInstancesCommand({ InstanceIds: [own, foreign] })).catch(() => undefined);

    // Assess
    expect([own, foreign].map((id) => region.world.instances.get(id)?.state)).toEqual(['running', 'running']);
  });

  it('as a dry run tells the same; one that is allowed tells that it would have succeeded', async () => {
    // Act
    const { ec2: worker } = callers('worker');
    const allowed = worker.send(launch());
    const refused = worker.send(launch({ TagSpecifications: [] }));

    // Assess
    await expect(allowed).rejects.toMatchObject({ name: 'DryRunOperation' });
    await expect(refused).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
  });
});

describe('what does not exist', () => {
  it('is reported as such of an instance: its tags cannot be asked', async () => {
    const gone = callers('worker').ec2.send(new TerminateInstancesCommand({ InstanceIds: ['i-0123456789abcdef0'] }));
    await expect(gone).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
  });

  it('is reported as such of an object to those who may list the bucket', async () => {
    const missing = callers('user').s3.send(new GetObjectCommand(object('clusters/none/config.yaml')));
    await expect(missing).rejects.toMatchObject({ name: 'NoSuchKey' });
  });
});
