/** A cluster whose document allows it comes back without a request, and only when no disk of a server is left. */
import {
  DeleteVolumeCommand,
  DescribeVolumesCommand,
  EC2Client,
  ModifyInstanceAttributeCommand,
} from '@aws-sdk/client-ec2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { openStackFixture, type StackFixture } from './fixture.js';
import { configMapsOn, instancesOf, kubectlOn, statusOf } from './support/kubectl.js';

const NAME = 'alone';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

const ec2 = () =>
  new EC2Client({ endpoint: fixture.stack.region.url, region: 'eu-west-1', credentials: CREDENTIALS.admin });

const make = (instance: string, name: string) =>
  kubectlOn(fixture, instance, 'create', 'configmap', name, '--from-literal=a=b');

/** All at once, as the cluster sees it. */
async function terminate(instances: string[]): Promise<void> {
  expect(await fixture.keelson('pause', NAME, '--wait')).toMatchObject({ code: 0 });
  for (const id of instances) await fixture.region(`instances/${id}/terminate?hard`, { method: 'POST' });
  expect(await fixture.keelson('resume', NAME)).toMatchObject({ code: 0 });
}

const restoredTimes = async (): Promise<number> =>
  (await statusOf(fixture, NAME)).operations.filter(({ kind, outcome }) => kind === 'restore' && outcome === 'done')
    .length;

describe('a cluster with backup.restore: automatic', () => {
  it('waits while the volume of a lost server is there, and comes back by its newest backup when it is gone', async () => {
    // Prepare
    // Its schedule fires in the new year: the newest backup is that of the test, at midnight too.
    const document = fixture.document(NAME, { mode: 'ha', backup: { restore: 'automatic', schedule: '0 0 1 1 *' } });
    expect(await fixture.keelson('apply', '-f', document, '--wait')).toMatchObject({ code: 0 });
    const instances = await instancesOf(fixture, NAME);
    await make(instances[0] ?? '', 'before');
    expect(await fixture.keelson('backup', NAME, '--wait')).toMatchObject({ code: 0 });
    await make(instances[0] ?? '', 'after');
    const [InstanceId = ''] = instances;
    const kept = await keepVolumeOf(InstanceId);

    // Act
    await terminate(instances);
    await expect
      .poll(async () => (await statusOf(fixture, NAME)).lastError?.hint ?? '', { interval: 100 })
      .toContain(kept);
    const explained = await fixture.keelson('explain', NAME);
    const early = await restoredTimes();
    await ec2().send(new DeleteVolumeCommand({ VolumeId: kept }));
    await expect.poll(restoredTimes, { interval: 200 }).toBe(1);

    // Assess
    expect(early).toBe(0);
    expect(explained.stdout).toContain('waits for a person');
    const { phase, nodes } = await statusOf(fixture, NAME);
    expect(phase).toBe('Running');
    expect(nodes.map(({ ready, generation }) => ({ ready, generation }))).toEqual(
      nodes.map(() => ({ ready: 'True', generation: 2 })),
    );
    for (const { instanceId } of nodes)
      expect(await configMapsOn(fixture, instanceId ?? '')).toEqual(['configmap/before']);
    expect(await fixture.region('duplicates')).toEqual([]);
  });
});

/** From now on its root volume outlives the instance. @returns the id of the volume */
async function keepVolumeOf(InstanceId: string): Promise<string> {
  const BlockDeviceMappings = [{ DeviceName: '/dev/xvda', Ebs: { DeleteOnTermination: false } }];
  await ec2().send(new ModifyInstanceAttributeCommand({ InstanceId, BlockDeviceMappings }));
  const Filters = [{ Name: 'attachment.instance-id', Values: [InstanceId] }];
  const { Volumes: volumes = [] } = await ec2().send(new DescribeVolumesCommand({ Filters }));
  return volumes[0]?.VolumeId ?? '';
}
