import {
  AuthorizeSecurityGroupIngressCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  EC2Client,
  ModifyInstanceAttributeCommand,
  RevokeSecurityGroupIngressCommand,
} from '@aws-sdk/client-ec2';
import { GetCommandInvocationCommand, SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ruleKeysIn } from '#src/aws/security-groups/rules.js';
import type { StatusView } from '#src/model/status.js';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { openStackFixture, type StackFixture } from './fixture.js';

const NAME = 'wanted';

let fixture: StackFixture;
let ec2: EC2Client;
let ssm: SSMClient;
beforeAll(async () => {
  fixture = await openStackFixture();
  // Someone else's hand: not the worker's role, and not that of people who use the command.
  const credentials = CREDENTIALS.admin;
  const { region } = fixture.stack;
  ec2 = new EC2Client({ endpoint: region.url, region: 'eu-west-1', credentials });
  ssm = new SSMClient({ endpoint: region.url, region: 'eu-west-1', credentials });
});
afterAll(async () => {
  ec2?.destroy();
  ssm?.destroy();
  await fixture?.close();
});

const document = (apiCidrs: string[], pool: Record<string, unknown>) =>
  fixture.document(NAME, {
    access: { apiCidrs },
    pools: [{ name: 'workers', count: 1, instanceType: 't3.medium', ...pool }],
  });
const apply = (file: string) => fixture.keelson('apply', '-f', file, '--wait');
const status = () => fixture.client.workflow.getHandle(`cluster/${NAME}`).query<StatusView>('status');

async function groups() {
  const Filters = [{ Name: 'tag:keelson:cluster', Values: [NAME] }];
  const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
  const of = (role: string) => {
    const group = SecurityGroups.find(({ GroupName }) => GroupName?.endsWith(`-${role}`));
    return { id: group?.GroupId ?? '', rules: group === undefined ? [] : ruleKeysIn(group) };
  };
  return { servers: of('servers'), agents: of('agents') };
}

/** What Kubernetes itself says, asked past Keelson. */
async function kubectl(command: string): Promise<string> {
  const server = (await status()).nodes.find((node) => node.slot === 'server-0')?.instanceId ?? '';
  const { Command } = await ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [server],
      Parameters: { commands: [`k3s kubectl ${command}`] },
    }),
  );
  let told = '';
  await expect
    .poll(async () => {
      const { Status, StandardOutputContent = '' } = await ssm.send(
        new GetCommandInvocationCommand({ CommandId: Command?.CommandId, InstanceId: server }),
      );
      told = StandardOutputContent;
      return Status;
    })
    .toBe('Success');
  return told;
}

/** Whether a rule, as `2381-65535/tcp from sg-1`, lets TCP from a group to a port. */
function reaches(key: string, group: string, port: number): boolean {
  const [what = '', from] = key.split(' from ');
  if (from !== group) return false;
  const [, first = '', last = first] = /^(\d+)(?:-(\d+))?\/tcp$/.exec(what) ?? [];
  return what === 'all' || (first !== '' && Number(first) <= port && port <= Number(last));
}

describe('what the document sets', () => {
  it('is what AWS and Kubernetes show after a change, without a restart', async () => {
    // Prepare
    const made = await apply(document(['0.0.0.0/0'], { labels: { tier: 'old' }, taints: ['old=x:NoSchedule'] }));
    const before = await groups();

    // Act
    const changed = await apply(
      document(['203.0.113.0/24'], { labels: { disk: 'ssd' }, taints: ['new=y:NoSchedule'] }),
    );
    const node = JSON.parse(await kubectl(`get node ${NAME}-workers-0-g1 -o json`)) as {
      metadata: { labels: Record<string, string> };
      spec: { taints: object[] };
    };

    // Assess
    expect([made.code, changed.code], made.stderr + changed.stderr).toEqual([0, 0]);
    const after = await groups();
    expect(before.servers.rules).toContain('6443/tcp from 0.0.0.0/0');
    expect(after.servers.rules).toContain('6443/tcp from 203.0.113.0/24');
    expect(after.servers.rules).not.toContain('6443/tcp from 0.0.0.0/0');
    // Servers reach all of each other; agents all but etcd.
    expect(after.servers.rules).toContain(`all from ${after.servers.id}`);
    expect(
      after.servers.rules.filter((key) => reaches(key, after.agents.id, 2379) || reaches(key, after.agents.id, 2380)),
    ).toEqual([]);
    expect(after.servers.rules.filter((key) => reaches(key, after.agents.id, 6443))).toHaveLength(1);
    expect(node.metadata.labels).toMatchObject({ disk: 'ssd' });
    expect(node.metadata.labels).not.toHaveProperty('tier');
    expect(node.spec.taints).toEqual([{ key: 'new', value: 'y', effect: 'NoSchedule' }]);
    const steps = (await status()).operations.at(-1)?.steps.map(({ kind }) => kind) ?? [];
    expect([...steps].sort()).toEqual(['label-nodes', 'security-group']);
  });

  it('is set again after a change by hand', async () => {
    // Prepare
    const asked = await groups();
    const rule = (CidrIp: string) => ({ IpProtocol: 'tcp', FromPort: 6443, ToPort: 6443, IpRanges: [{ CidrIp }] });
    const GroupId = asked.servers.id;
    await ec2.send(new RevokeSecurityGroupIngressCommand({ GroupId, IpPermissions: [rule('203.0.113.0/24')] }));
    await ec2.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions: [rule('0.0.0.0/0')] }));
    await kubectl(`label node ${NAME}-workers-0-g1 disk-`);

    // Act
    await fixture.client.workflow.getHandle(`cluster/${NAME}`).signal('reconcile', { reason: 'a test' });

    // Assess
    await expect.poll(groups).toEqual(asked);
    const labels = () => kubectl(`get node ${NAME}-workers-0-g1 -o 'custom-columns=D:.metadata.labels.disk'`);
    await expect.poll(labels, { interval: 1_000 }).toContain('ssd');
    const reasons = async () => {
      const { items } = JSON.parse((await fixture.keelson('events', NAME, '-o', 'json')).stdout) as {
        items: { reason: string }[];
      };
      return items.map(({ reason }) => reason);
    };
    // It is told when AWS has answered.
    await expect.poll(reasons).toContain('GroupRulesChanged');
  });

  it('is set again where someone has moved an instance into another group, as soon as the region watch sees it', async () => {
    // Prepare
    const own = await groups();
    const InstanceId = (await status()).nodes.find((node) => node.slot === 'workers-0')?.instanceId ?? '';
    const instance = async () => {
      const { Reservations = [] } = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [InstanceId] }));
      return Reservations[0]?.Instances?.[0];
    };
    const groupsOfIt = async () => (await instance())?.SecurityGroups?.map(({ GroupId }) => GroupId);
    // Each VPC has a group of this name, and an instance takes none of another VPC.
    const Filters = [
      { Name: 'vpc-id', Values: [(await instance())?.VpcId ?? ''] },
      { Name: 'group-name', Values: ['default'] },
    ];
    const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));

    // Act
    const Groups = SecurityGroups.map(({ GroupId }) => GroupId ?? '');
    await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, Groups }));

    // Assess
    await expect.poll(groupsOfIt, { interval: 1_000 }).toEqual([own.agents.id]);
    const repaired = () => status().then(({ operations }) => operations.at(-1));
    await expect.poll(repaired).toMatchObject({
      kind: 'repair',
      outcome: 'done',
      reason: 'workers-0: someone has changed its groups by hand',
    });
  });

  it('lets a cluster be deleted, its groups too', async () => {
    expect(await fixture.keelson('delete', NAME, '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(await fixture.region(`leftovers?cluster=${NAME}`)).toMatchObject({ securityGroups: [] });
  });
});
