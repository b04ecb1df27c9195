import { DescribeInstanceStatusCommand, EC2Client } from '@aws-sdk/client-ec2';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { failedChecks } from '#src/activities/ec2/status-checks.js';
import { statusChecks } from '#src/aws/status-checks.js';
import { launchOne } from '../../region/ec2/launch-one.js';
import { startTestRegion, type TestRegion } from '../../region/local-region.js';
import { awsError } from '../support.js';

const unknown = (count: number) => Array.from({ length: count }, (_, n) => `i-0${n.toString(16).padStart(16, '0')}`);

describe('the status checks of instances, asked of the local region', () => {
  let region: TestRegion;
  let sick: string;
  let sound: string;

  beforeAll(async () => {
    region = await startTestRegion();
    sick = await launchOne(region);
    sound = await launchOne(region);
    await region.post(`/_region/instances/${sick}/crash`);
  });
  afterAll(() => region.close());

  test('tell which fail', async () => {
    const checks = await statusChecks(region.ec2Client(), [sick, sound]);

    expect(failedChecks(checks.get(sick) ?? {})).toEqual(['instance']);
    expect(failedChecks(checks.get(sound) ?? {})).toEqual([]);
  });

  test('are there for all that EC2 knows although it does not know some', async () => {
    const checks = await statusChecks(region.ec2Client(), [...unknown(2), sick, ...unknown(1), sound]);

    expect([...checks.keys()].sort()).toEqual([sick, sound].sort());
  });

  test('are there for more instances than one call may name', async () => {
    const checks = await statusChecks(region.ec2Client(), [...unknown(205), sick]);

    expect([...checks.keys()]).toEqual([sick]);
  });

  test('of no instances need no call', async () => {
    const before = region.world.record.calls.length;

    expect(await statusChecks(region.ec2Client(), [])).toEqual(new Map());

    expect(region.world.record.calls.length).toBe(before);
  });
});

describe('the status checks of instances', () => {
  let ec2: ReturnType<typeof mockClient>;
  // Not before: it answers for every client of this file.
  beforeAll(() => {
    ec2 = mockClient(EC2Client);
  });
  afterEach(() => ec2.reset());
  afterAll(() => ec2.restore());
  const asked = () => ec2.commandCalls(DescribeInstanceStatusCommand).map((call) => call.args[0].input);

  test('name at most a hundred instances a call, without page size', async () => {
    ec2.on(DescribeInstanceStatusCommand).resolves({});

    await statusChecks(new EC2Client({ region: 'eu-west-1' }), unknown(250));

    expect(asked().map(({ InstanceIds }) => InstanceIds?.length)).toEqual([100, 100, 50]);
    expect(asked().every(({ MaxResults, Filters }) => MaxResults === undefined && Filters === undefined)).toBe(true);
  });

  test('find the unknown instance also where the error does not name it', async () => {
    const ids = unknown(5);
    ec2.on(DescribeInstanceStatusCommand).callsFake(({ InstanceIds = [] }: { InstanceIds?: string[] }) => {
      if (InstanceIds.includes(ids[3] ?? '')) throw awsError('InvalidInstanceID.NotFound', 'not there');
      return { InstanceStatuses: InstanceIds.map((InstanceId) => ({ InstanceId })) };
    });

    const checks = await statusChecks(new EC2Client({ region: 'eu-west-1' }), ids);

    expect([...checks.keys()].sort()).toEqual(ids.filter((id) => id !== ids[3]));
  });

  test('fail with any other error', async () => {
    ec2.on(DescribeInstanceStatusCommand).rejects(awsError('UnauthorizedOperation', 'no', 403));

    const asking = statusChecks(new EC2Client({ region: 'eu-west-1' }), ['i-1']);

    await expect(asking).rejects.toMatchObject({ name: 'UnauthorizedOperation' });
  });
});
