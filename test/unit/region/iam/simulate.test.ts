import { GetInstanceProfileCommand, IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CallerName, CREDENTIALS } from '../../../../packages/aws-simulator/src/credentials.js';
import { startTestRegion, type TestRegion } from '../local-region.js';

let region: TestRegion;
beforeAll(async () => {
  region = await startTestRegion();
});
afterAll(() => region.close());

const options = (caller: CallerName) => ({
  endpoint: region.url,
  region: 'eu-west-1',
  credentials: CREDENTIALS[caller],
  maxAttempts: 1,
});
const errorOf = (sent: Promise<unknown>): Promise<string> =>
  sent.then(
    () => 'answered',
    (error: Error) => error.name,
  );

describe("IAM's simulation", () => {
  const simulate = async (role: string, actions: string[], resource: string) => {
    const { EvaluationResults = [] } = await new IAMClient(options('admin')).send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: `arn:aws:iam::000000000000:role/${role}`,
        ActionNames: actions,
        ResourceArns: [resource],
      }),
    );
    return EvaluationResults.map(({ EvalActionName, EvalDecision }) => [EvalActionName, EvalDecision]);
  };

  it("decides by the policies of the role: a user stores documents, and reads no cluster's token", async () => {
    const config = await simulate(
      'keelson-user',
      ['s3:PutObject', 's3:DeleteObject'],
      'arn:aws:s3:::keelson-test/clusters/shop/config.yaml',
    );
    const token = await simulate(
      'keelson-user',
      ['s3:GetObject'],
      'arn:aws:s3:::keelson-test/clusters/shop/k3s-server-token',
    );
    expect(config).toEqual([
      ['s3:PutObject', 'allowed'],
      ['s3:DeleteObject', 'implicitDeny'],
    ]);
    expect(token).toEqual([['s3:GetObject', 'implicitDeny']]);
  });

  it('knows no role that there is not, and is denied to those without iam:SimulatePrincipalPolicy', async () => {
    expect(await errorOf(simulate('nobody', ['s3:GetObject'], '*'))).toMatch(/^NoSuchEntity/);
    const PolicySourceArn = 'arn:aws:iam::000000000000:role/keelson-user';
    const command = new SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames: ['s3:GetObject'] });
    expect(await errorOf(new IAMClient(options('user')).send(command))).toMatch(/^AccessDenied/);
  });
});

describe('what else a person asks of the account', () => {
  it('is who they are, which no policy forbids', async () => {
    const identity = await new STSClient(options('cleaner')).send(new GetCallerIdentityCommand({}));
    expect(identity).toMatchObject({
      Account: '000000000000',
      Arn: expect.stringContaining('assumed-role/keelson-cleaner/'),
    });
  });

  it('is the profile of the nodes: a fault plan removes it as for a launch', async () => {
    // Prepare
    const iam = new IAMClient(options('user'));
    const command = new GetInstanceProfileCommand({ InstanceProfileName: 'keelson-node' });

    // Act
    const there = await iam.send(command);
    region.world.faults.add({ point: 'instance-profile', match: { name: 'keelson-node' }, effect: 'unknown' });
    const gone = await errorOf(iam.send(command));
    region.world.faults.remove();

    // Assess
    expect(there.InstanceProfile?.Roles?.[0]?.RoleName).toBe('keelson-node');
    expect(gone).toMatch(/^NoSuchEntity/);
  });

  it('is the quota of vCPUs: a fault plan sets it, another quota is not known', async () => {
    // Prepare
    const quotas = new ServiceQuotasClient(options('user'));
    const ask = (QuotaCode: string) => quotas.send(new GetServiceQuotaCommand({ ServiceCode: 'ec2', QuotaCode }));

    // Act
    region.world.faults.add({ point: 'quota', data: { value: 5 } });
    const small = await ask('L-1216C47A');
    region.world.faults.remove();

    // Assess
    expect(small.Quota?.Value).toBe(5);
    expect((await ask('L-1216C47A')).Quota?.Value).toBeGreaterThan(100);
    expect(await errorOf(ask('L-00000000'))).toBe('NoSuchResourceException');
  });
});
