import { DescribeInstancesCommand, DescribeVolumesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, it } from 'vitest';
import { awsError, failureOf, makeActivities, scope, start } from '../support.js';

const ec2 = mockClient(EC2Client);
const activities = makeActivities();
afterEach(() => ec2.reset());

const inSlot = (slot: string) => [{ Key: 'keelson:slot', Value: slot }];

interface Told {
  tagged?: object[];
  named?: object[];
  volumes?: object[];
}

/** EC2 answers with these: instances by the cluster's tags, instances by id, volumes. */
function told({ tagged = [], named = [], volumes = [] }: Told): void {
  ec2.on(DescribeInstancesCommand).callsFake(({ Filters: filters }: { Filters: { Name: string }[] }) => ({
    Reservations: [{ Instances: filters.some(({ Name }) => Name === 'instance-id') ? named : tagged }],
  }));
  ec2.on(DescribeVolumesCommand).resolves({ Volumes: volumes });
}

const found = (instanceIds = ['i-1']) => start(activities.findServerDisks, { ...scope, instanceIds }).result;

describe('what is left of the servers of a cluster', () => {
  it('is nothing where EC2 has none of it, nor what is being deleted', async () => {
    told({ volumes: [{ VolumeId: 'vol-1', State: 'deleting', Tags: inSlot('server-0') }] });

    expect(await found()).toEqual([]);
  });

  it('is an instance that shuts down, and a volume that outlives its instance, each once', async () => {
    const going = { InstanceId: 'i-1', State: { Name: 'shutting-down' }, Tags: inSlot('server-0') };
    told({
      tagged: [going],
      named: [going],
      volumes: [{ VolumeId: 'vol-2', State: 'available', Tags: inSlot('server-1') }],
    });

    expect(await found()).toEqual([
      { id: 'i-1', slot: 'server-0' },
      { id: 'vol-2', slot: 'server-1' },
    ]);
  });

  it('is what has lost tags, too', async () => {
    told({
      named: [{ InstanceId: 'i-1', State: { Name: 'stopped' } }],
      volumes: [{ VolumeId: 'vol-3', State: 'in-use', Tags: [] }],
    });

    expect(await found()).toEqual([
      { id: 'i-1', slot: '' },
      { id: 'vol-3', slot: '' },
    ]);
  });

  it('is neither an agent nor the machine of a drill', async () => {
    told({
      tagged: [
        { InstanceId: 'i-8', State: { Name: 'running' }, Tags: inSlot('workers-0') },
        { InstanceId: 'i-9', State: { Name: 'running' }, Tags: inSlot('drill') },
      ],
      volumes: [{ VolumeId: 'vol-8', State: 'in-use', Tags: inSlot('workers-0') }],
    });

    expect(await found([])).toEqual([]);
    expect(ec2.commandCalls(DescribeInstancesCommand)).toHaveLength(1);
  });

  it('is not known while EC2 refuses to tell', async () => {
    told({});
    ec2.on(DescribeVolumesCommand).rejects(awsError('UnauthorizedOperation', 'no', 403));

    expect(await failureOf(found())).toMatchObject({ code: 'UnauthorizedOperation' });
  });
});
