/** Three servers by plain calls of the AWS SDK: what a good engineer scripts in an afternoon, and does not have to keep alive afterwards. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeInstancesCommand,
  EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  GetParameterCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { firstScript, installScript, joinScript, readyScript, voterScript } from './scripts.js';

const IMAGE = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
const POLL_MS = 500;

export interface ByHandInput {
  /** Names the instances and their tags. */
  name: string;
  region: string;
  instanceType: string;
  instanceProfile: string;
  /** Tags that the policies of the account ask for. */
  tags: Record<string, string>;
  mirror: string;
  version: string;
  servers: number;
}

export interface ByHandTimes {
  /** From the first call until every node is Ready and every server a voter. */
  seconds: number;
  /** Seconds from the first call at which each stage was over. */
  stages: Record<string, number>;
}

/** Endpoint and credentials come from the environment. @throws Error when a command fails; the instances are terminated in any case */
export async function createByHand(input: ByHandInput): Promise<ByHandTimes> {
  const ec2 = new EC2Client({ region: input.region });
  const ssm = new SSMClient({ region: input.region });
  const began = Date.now();
  const stages: Record<string, number> = {};
  const stage = (name: string): void => {
    stages[name] = (Date.now() - began) / 1000;
  };
  let ids: string[] = [];
  try {
    ids = await launch(ec2, ssm, input);
    stage('launched');
    const [first = '', ...others] = ids;
    const install = installScript(input.mirror, input.version);
    const installed = new Map(ids.map((id) => [id, registered(ssm, id).then(() => run(ssm, id, install))]));
    // A failure is heard where the server is needed.
    for (const work of installed.values()) work.catch(() => undefined);
    await installed.get(first);
    stage('first installed');
    const token = /^token=(\S+)$/m.exec(await run(ssm, first, firstScript(`${input.name}-0`)))?.[1] ?? '';
    stage('first active');
    const address = await addressOf(ec2, first);
    await Promise.all(
      others.map(async (id, index) => {
        await installed.get(id);
        await run(ssm, id, joinScript(`${input.name}-${index + 1}`, address, token));
      }),
    );
    stage('all active');
    await Promise.all([run(ssm, first, readyScript(ids.length)), ...ids.map((id) => run(ssm, id, voterScript))]);
    stage('all Ready');
    return { seconds: (Date.now() - began) / 1000, stages };
  } finally {
    if (ids.length > 0) await ec2.send(new TerminateInstancesCommand({ InstanceIds: ids }));
    ec2.destroy();
    ssm.destroy();
  }
}

/** All in one call; one launch of many is one call to AWS's rate limit. */
async function launch(ec2: EC2Client, ssm: SSMClient, input: ByHandInput): Promise<string[]> {
  const { Parameter: image } = await ssm.send(new GetParameterCommand({ Name: IMAGE }));
  const Tags = Object.entries({ ...input.tags, Name: input.name }).map(([Key, Value]) => ({ Key, Value }));
  const { Instances = [] } = await ec2.send(
    new RunInstancesCommand({
      ImageId: image?.Value,
      InstanceType: input.instanceType as 't3.medium',
      MinCount: input.servers,
      MaxCount: input.servers,
      IamInstanceProfile: { Name: input.instanceProfile },
      TagSpecifications: [{ ResourceType: 'instance', Tags }],
    }),
  );
  return Instances.flatMap(({ InstanceId }) => InstanceId ?? []);
}

async function registered(ssm: SSMClient, id: string): Promise<void> {
  for (;;) {
    const Filters = [{ Key: 'InstanceIds', Values: [id] }];
    const { InstanceInformationList: [agent] = [] } = await ssm.send(
      new DescribeInstanceInformationCommand({ Filters }),
    );
    if (agent?.PingStatus === 'Online') return;
    await sleep(POLL_MS);
  }
}

async function addressOf(ec2: EC2Client, id: string): Promise<string> {
  const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  return Reservations[0]?.Instances?.[0]?.PrivateIpAddress ?? '';
}

/** One command to its end. @returns what it has printed */
async function run(ssm: SSMClient, id: string, script: string): Promise<string> {
  const { Command: command } = await ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [id],
      Parameters: { commands: [script], executionTimeout: ['600'] },
    }),
  );
  for (;;) {
    await sleep(POLL_MS);
    const input = { CommandId: command?.CommandId, InstanceId: id };
    const answer = await ssm.send(new GetCommandInvocationCommand(input)).catch((error: unknown) => {
      // Just sent, and not known everywhere yet.
      if (error instanceof Error && error.name === 'InvocationDoesNotExist') return null;
      throw error;
    });
    if (answer === null || ['Pending', 'InProgress', 'Delayed'].includes(answer.Status ?? '')) continue;
    if (answer.Status === 'Success') return answer.StandardOutputContent ?? '';
    throw new Error(
      `${id}: ${answer.Status}: ${answer.StandardErrorContent ?? ''}${answer.StandardOutputContent ?? ''}`,
    );
  }
}
