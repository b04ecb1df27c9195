import { DescribeImagesCommand, RunInstancesCommand, type RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { expect, vi } from 'vitest';
import type { InstanceState } from '../../../../packages/aws-simulator/src/contract.js';
import { PATIENCE_MS } from '../../../support/patience.js';
import type { TestRegion } from '../local-region.js';

/** Launches an instance with tags and waits until it is running. @returns its id */
export async function launchOne(
  region: TestRegion,
  tags: Record<string, string> = {},
  more: Partial<RunInstancesCommandInput> = {},
  name = 'eu-west-1',
): Promise<string> {
  const ec2 = region.ec2Client(name);
  const filters = [{ Name: 'architecture', Values: ['x86_64'] }];
  const { Images } = await ec2.send(new DescribeImagesCommand({ Owners: ['amazon'], Filters: filters }));
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  const { Instances } = await ec2.send(
    new RunInstancesCommand({
      ImageId: Images?.[0]?.ImageId,
      InstanceType: 't3.small',
      MinCount: 1,
      MaxCount: 1,
      ...(Tags.length > 0 && { TagSpecifications: [{ ResourceType: 'instance', Tags }] }),
      ...more,
    }),
  );
  const id = Instances?.[0]?.InstanceId ?? '';
  await reaches(region, id, 'running');
  return id;
}

export async function reaches(region: TestRegion, id: string, state: InstanceState): Promise<void> {
  // Not a poll, which hooks may not have.
  const seen = () => expect(region.world.instances.get(id)?.state).toBe(state);
  await vi.waitFor(seen, { timeout: PATIENCE_MS, interval: 2 });
}
