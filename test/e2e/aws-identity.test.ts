import {
  CreateSecurityGroupCommand,
  DeleteSecurityGroupCommand,
  DescribeInstancesCommand,
  DescribeSecurityGroupsCommand,
  DescribeVolumesCommand,
  DescribeVpcsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { GetCommandInvocationCommand, SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StatusView } from '#src/model/status.js';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { openStackFixture, type StackFixture } from './fixture.js';

const NAME = 'at-home';

let fixture: StackFixture;
let ec2: EC2Client;
let ssm: SSMClient;
beforeAll(async () => {
  fixture = await openStackFixture();
  const place = { endpoint: fixture.stack.region.url, region: 'eu-west-1', credentials: CREDENTIALS.admin };
  ec2 = new EC2Client(place);
  ssm = new SSMClient(place);
});
afterAll(async () => {
  ec2?.destroy();
  ssm?.destroy();
  await fixture?.close();
});

const status = () => fixture.client.workflow.getHandle(`cluster/${NAME}`).query<StatusView>('status');

async function instances() {
  const { Reservations = [] } = await ec2.send(
    new DescribeInstancesCommand({ Filters: [{ Name: 'tag:keelson:cluster', Values: [NAME] }] }),
  );
  return Reservations.flatMap(({ Instances = [] }) => Instances);
}

/** What Kubernetes itself says, asked past Keelson. */
async function kubectl(instance: string, command: string): Promise<string> {
  const { Command } = await ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [instance],
      Parameters: { commands: [`k3s kubectl ${command}`] },
    }),
  );
  let told = '';
  await expect
    .poll(async () => {
      const seen = await ssm
        .send(new GetCommandInvocationCommand({ CommandId: Command?.CommandId, InstanceId: instance }))
        .catch(() => undefined);
      told = seen?.StandardOutputContent ?? '';
      return seen?.Status;
    })
    .toBe('Success');
  return told;
}

const document = (network: Record<string, unknown> = {}, ingress: unknown[] = []): string =>
  fixture.document(NAME, {
    servers: { instanceType: 't3.medium', rootVolume: { kmsKeyId: 'alias/volumes', iops: 4000, throughput: 250 } },
    pools: [{ name: 'workers', count: 1, instanceType: 't3.large' }],
    access: { ingress },
    network,
  });

describe('nodes of a cluster in AWS', () => {
  it('are named as AWS names them, for volumes, load balancers and zone spread', async () => {
    // Act
    const applied = await fixture.keelson('apply', '-f', document(), '--wait');

    // Assess
    expect(applied.code, applied.stderr).toBe(0);
    const { nodes } = await status();
    const told = await kubectl(nodes[0]?.instanceId ?? '', 'get nodes -o json');
    const { items } = JSON.parse(told) as {
      items: { metadata: { name: string; labels: Record<string, string> }; spec: { providerID: string } }[];
    };
    expect(items.map(({ metadata, spec }) => [metadata.name, spec.providerID]).sort()).toEqual(
      nodes.map(({ name, zone, instanceId }) => [name, `aws:///${zone}/${instanceId}`]).sort(),
    );
    for (const { metadata } of items) {
      const node = nodes.find(({ name }) => name === metadata.name);
      expect(metadata.labels).toMatchObject({
        'topology.kubernetes.io/region': 'eu-west-1',
        'topology.kubernetes.io/zone': node?.zone,
        'node.kubernetes.io/instance-type': node?.instanceType,
      });
    }
  });

  it('have root volumes with the key and the figures of the document', async () => {
    // Prepare
    const servers = (await status()).nodes.filter(({ role }) => role === 'server').map(({ instanceId }) => instanceId);

    // Act
    const { Volumes = [] } = await ec2.send(
      new DescribeVolumesCommand({ Filters: [{ Name: 'attachment.instance-id', Values: servers.map(String) }] }),
    );

    // Assess
    expect(
      Volumes.map(({ KmsKeyId, Iops, Throughput, Encrypted }) => ({ KmsKeyId, Iops, Throughput, Encrypted })),
    ).toEqual([{ KmsKeyId: expect.stringContaining('alias/volumes'), Iops: 4000, Throughput: 250, Encrypted: true }]);
  });

  it('get further security groups and open ports while they run, and lose them again', async () => {
    // Prepare
    const { Vpcs = [] } = await ec2.send(
      new DescribeVpcsCommand({ Filters: [{ Name: 'is-default', Values: ['true'] }] }),
    );
    const made = await ec2.send(
      new CreateSecurityGroupCommand({ GroupName: 'of-others', Description: 'x', VpcId: Vpcs[0]?.VpcId }),
    );
    const extra = made.GroupId ?? '';
    const groups = async () =>
      (await instances()).map(({ SecurityGroups = [] }) => SecurityGroups.map(({ GroupId }) => GroupId));
    const born = await groups();

    // Act
    const open = [{ port: 443, cidrs: ['0.0.0.0/0'], nodes: 'agents' }];
    const given = await fixture.keelson('apply', '-f', document({ extraSecurityGroupIds: [extra] }, open), '--wait');
    const during = await groups();
    const { SecurityGroups: rules = [] } = await ec2.send(new DescribeSecurityGroupsCommand({}));
    const taken = await fixture.keelson('apply', '-f', document(), '--wait');
    const after = await groups();

    // Assess
    expect([given.code, taken.code], given.stderr + taken.stderr).toEqual([0, 0]);
    expect(during).toEqual(born.map((own) => [...own, extra]));
    expect(after).toEqual(born);
    const opened = rules.filter(({ IpPermissions = [] }) => IpPermissions.some(({ FromPort }) => FromPort === 443));
    expect(opened.map(({ GroupName }) => GroupName)).toEqual([expect.stringMatching(/^keelson-at-home-.*-agents$/)]);
    const kinds = (await status()).operations.slice(-2).map(({ steps }) => steps.map(({ kind }) => kind).sort());
    for (const steps of kinds) {
      expect(steps).toEqual(expect.arrayContaining(['security-group', 'set-groups']));
      expect(steps).not.toContain('start-service');
    }
  });

  it('let each other in by every port but those of etcd, the embedded registry’s too, and answer a ping where the document says so', async () => {
    // Act
    const pings = [{ protocol: 'icmp', cidrs: ['10.0.0.0/8'] }];
    const applied = await fixture.keelson('apply', '-f', document({}, pings), '--wait');
    const { SecurityGroups: groups = [] } = await ec2.send(
      new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'tag:keelson:cluster', Values: [NAME] }] }),
    );

    // Assess
    expect(applied.code, applied.stderr).toBe(0);
    const ids = groups.map(({ GroupId }) => GroupId);
    expect(ids).toHaveLength(2);
    /** Whether a group lets in a port of another group. */
    const lets = ({ IpPermissions = [] }: (typeof groups)[number], port: number, from: string | undefined): boolean =>
      IpPermissions.some(
        ({ IpProtocol, FromPort = 0, ToPort = 65_535, UserIdGroupPairs = [] }) =>
          ['-1', 'tcp'].includes(IpProtocol ?? '') &&
          (IpProtocol === '-1' || (FromPort <= port && port <= ToPort)) &&
          UserIdGroupPairs.some(({ GroupId }) => GroupId === from),
      );
    const agents = groups.find(({ GroupName = '' }) => GroupName.endsWith('-agents'))?.GroupId;
    for (const group of groups) {
      for (const from of ids) expect(lets(group, 5001, from), `5001 from ${from}`).toBe(true);
      if (group.GroupId !== agents) expect(lets(group, 2379, agents)).toBe(false);
      const icmp = group.IpPermissions?.filter(({ IpProtocol }) => IpProtocol === 'icmp') ?? [];
      expect(icmp.flatMap(({ IpRanges = [] }) => IpRanges.map(({ CidrIp }) => CidrIp))).toEqual(['10.0.0.0/8']);
      expect(icmp.map(({ FromPort, ToPort }) => [FromPort, ToPort])).toEqual([[-1, -1]]);
    }
  });

  it('leave nothing, and not what is of others', async () => {
    expect((await fixture.keelson('delete', NAME, '--yes', '--wait')).code).toBe(0);
    expect(await fixture.region('leftovers')).toMatchObject({ total: 0 });
    const { SecurityGroups: left = [] } = await ec2.send(
      new DescribeSecurityGroupsCommand({ Filters: [{ Name: 'group-name', Values: ['of-others'] }] }),
    );
    expect(left).toHaveLength(1);
    await ec2.send(new DeleteSecurityGroupCommand({ GroupId: left[0]?.GroupId }));
  });
});
