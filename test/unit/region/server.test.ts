import { DescribeImagesCommand } from '@aws-sdk/client-ec2';
import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  GetParameterCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMachineHost } from '../../../packages/aws-simulator/src/machine/host.js';
import { PATIENCE_MS } from '../../support/patience.js';
import { launchOne } from './ec2/launch-one.js';
import { CREDENTIALS, startTestRegion, type TestRegion } from './local-region.js';

describe('EC2 and SSM behind one address', () => {
  let region: TestRegion;
  let ssm: SSMClient;

  beforeEach(async () => {
    region = await startTestRegion({ createHost: createMachineHost });
    ssm = new SSMClient({ endpoint: region.url, region: 'eu-west-1', credentials: CREDENTIALS, maxAttempts: 1 });
  });
  afterEach(() => region.close());

  it('finds the image that a public parameter names', async () => {
    // Act
    const Name = '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64';
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
    const images = await region.ec2Client().send(new DescribeImagesCommand({ ImageIds: [Parameter?.Value ?? ''] }));

    // Assess
    expect(images.Images).toMatchObject([{ Architecture: 'x86_64' }]);
  });

  it('runs a command on an instance once its agent has registered, and keeps scripts out of the record', async () => {
    // Prepare
    const id = await launchOne(region, {}, { IamInstanceProfile: { Name: 'keelson-node' } });
    await vi.waitFor(
      async () => {
        const { InstanceInformationList } = await ssm.send(new DescribeInstanceInformationCommand({}));
        expect(InstanceInformationList).toMatchObject([{ InstanceId: id, PingStatus: 'Online' }]);
      },
      { timeout: PATIENCE_MS },
    );

    // Act
    const { Command } = await ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [id],
        Comment: 'job-1',
        Parameters: { commands: ['echo "hidden word: $((6 * 7))"'] },
      }),
    );
    const invocation = await vi.waitFor(
      async () => {
        const asked = { CommandId: Command?.CommandId, InstanceId: id };
        const answer = await ssm.send(new GetCommandInvocationCommand(asked));
        expect(answer.Status).toBe('Success');
        return answer;
      },
      { timeout: PATIENCE_MS },
    );

    // Assess
    expect(invocation.StandardOutputContent).toBe('hidden word: 42\n');
    const sent = region.world.record.calls.find(({ action }) => action === 'SendCommand');
    expect(sent).toMatchObject({ service: 'ssm', instanceIds: [id], params: { Comment: 'job-1' } });
    expect(JSON.stringify(region.world.record.calls)).not.toContain('hidden word');
  });
});
