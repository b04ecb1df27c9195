import { DescribeInstanceInformationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, test } from 'vitest';
import { createReaders } from '#src/aws/readers.js';
import { awsError, testClients } from '../activities/support.js';

const ssm = mockClient(SSMClient);
afterEach(() => ssm.reset());

describe('the reader of agents', () => {
  test('has the agents of all instances that SSM knows although it refuses one of their ids', async () => {
    // Prepare
    const clients = testClients();
    ssm.on(DescribeInstanceInformationCommand).callsFake(({ Filters }: { Filters: { Values: string[] }[] }) => {
      const ids = Filters.flatMap(({ Values }) => Values);
      if (ids.includes('i-gone')) throw awsError('InvalidInstanceId');
      return { InstanceInformationList: ids.map((InstanceId) => ({ InstanceId, PingStatus: 'Online' })) };
    });
    const { agent } = createReaders(clients, 1)('eu-west-1');

    // Act
    const seen = await Promise.all(['i-1', 'i-2', 'i-gone', 'i-3', 'i-4'].map((id) => agent.next(id)));

    // Assess
    expect(seen.map((one) => one?.PingStatus)).toEqual(['Online', 'Online', undefined, 'Online', 'Online']);
  });
});
