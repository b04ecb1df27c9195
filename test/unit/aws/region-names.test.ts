import { DescribeRegionsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, describe, expect, test } from 'vitest';
import { createAwsClients } from '#src/aws/clients.js';
import { toFailure } from '#src/aws/failure.js';
import { nearestName, regionProblem } from '#src/aws/region-names.js';
import { awsError } from '../activities/support.js';

const ec2 = mockClient(EC2Client);
const clients = createAwsClients({ homeRegion: 'eu-west-1', version: 'test' });
afterEach(() => void ec2.reset());

const noAddress = toFailure(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }), 'DescribeVpcs');
const answerRegions = () =>
  ec2.on(DescribeRegionsCommand).resolves({
    Regions: [
      { RegionName: 'eu-west-1', OptInStatus: 'opt-in-not-required' },
      { RegionName: 'af-south-1', OptInStatus: 'not-opted-in' },
    ],
  });

describe('a first call into a region that fails', () => {
  test('means that the region does not exist, with the nearest name', async () => {
    answerRegions();

    const problem = await regionProblem(clients, 'eu-wset-1', noAddress);

    expect(problem?.details?.[0]).toMatchObject({ code: 'RegionUnknown', class: 'invalid' });
    expect(problem?.message).toContain('eu-west-1');
  });

  test('means so too when AWS does not tell its regions', async () => {
    ec2.on(DescribeRegionsCommand).rejects(awsError('UnauthorizedOperation', 'no', 403));

    const problem = await regionProblem(clients, 'us-esat-1', noAddress);

    expect(problem?.message).toContain('us-east-1');
  });

  test('means that the account has not opted in', async () => {
    answerRegions();

    const problem = await regionProblem(clients, 'af-south-1', toFailure(awsError('AuthFailure', 'no', 401), 'x'));

    expect(problem?.details?.[0]).toMatchObject({ code: 'OptInRequired', class: 'auth' });
  });

  test('means something else where the region is there', async () => {
    answerRegions();

    expect(await regionProblem(clients, 'eu-west-1', noAddress)).toBeNull();
    expect(await regionProblem(clients, 'eu-west-1', awsError('InvalidVpcID.NotFound'))).toBeNull();
  });
});

test('a name that resembles none is not guessed', () => {
  expect(nearestName('moon-base-1', ['eu-west-1', 'us-east-1'])).toBeNull();
});
