import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import type { AwsClients } from '../../aws/clients.js';
import { codeOf } from '../../aws/error-code.js';
import { CliError, EXIT } from '../exit.js';
import { asked } from './asked.js';
import { type Caller, identityOf, sameAs } from './caller.js';
import { NotMeasured } from './checklist.js';

interface Need {
  actions: readonly string[];
  resource: string;
}

/** Permissions that the command needs, as UserPolicy of deploy/aws allows them. A name stands for any cluster. */
const needsOf = (partition: string, region: string, bucket: string): Need[] => [
  { actions: ['s3:ListBucket'], resource: `arn:${partition}:s3:::${bucket}` },
  {
    actions: ['s3:GetObject', 's3:PutObject'],
    resource: `arn:${partition}:s3:::${bucket}/clusters/doctor/config.yaml`,
  },
  { actions: ['s3:GetObject'], resource: `arn:${partition}:s3:::${bucket}/clusters/doctor/status.yaml` },
  {
    actions: [
      'ec2:DescribeImages',
      'ec2:DescribeInstanceTypeOfferings',
      'ec2:DescribeInstanceTypes',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
    ],
    resource: '*',
  },
  {
    actions: ['ssm:GetParameter'],
    resource: `arn:${partition}:ssm:${region}::parameter/aws/service/ami-amazon-linux-latest/doctor`,
  },
];

/**
 * Asks IAM's simulator whether the caller's own policies allow the command's calls. A simulation leaves bucket policies out.
 *
 * @returns how many actions are allowed
 * @throws NotMeasured if the caller may not simulate, or has no policies of its own; CliError `refused` with each missing action
 */
export async function permissions(aws: AwsClients, region: string, caller: Caller, bucket: string): Promise<string> {
  const identity = identityOf(caller.arn);
  if (identity === null) {
    if (caller.arn.endsWith(':root')) return 'the root user of the account may do everything';
    throw new NotMeasured(`IAM cannot simulate the policies of ${caller.arn}`);
  }
  const iam = new IAMClient(sameAs(aws, region));
  const needs = needsOf(caller.arn.split(':')[1] ?? 'aws', region, bucket);
  const answers = await Promise.all(needs.map((need) => simulate(iam, identity, need)));
  const missing = answers.flat().filter(({ allowed }) => !allowed);
  if (missing.length > 0)
    throw new CliError(
      EXIT.refused,
      `${identity} is not allowed: ${missing.map(({ action, resource }) => `${action} on ${resource}`).join(', ')}`,
      'attach UserPolicy of deploy/aws/keelson.yaml (output UserPolicyArn) to it',
    );
  return `${answers.flat().length} actions allowed for ${identity}`;
}

async function simulate(iam: IAMClient, identity: string, { actions, resource }: Need) {
  const command = new SimulatePrincipalPolicyCommand({
    PolicySourceArn: identity,
    ActionNames: [...actions],
    ResourceArns: [resource],
  });
  const { EvaluationResults = [] } = await asked('iam:SimulatePrincipalPolicy', async () => {
    try {
      return await iam.send(command);
    } catch (error) {
      if (codeOf(error).startsWith('NoSuchEntity'))
        throw new NotMeasured(`IAM has no ${identity}: the role has a path, which its sessions do not name`);
      throw error;
    }
  });
  return EvaluationResults.map(({ EvalActionName = '', EvalDecision }) => ({
    action: EvalActionName,
    resource,
    allowed: EvalDecision === 'allowed',
  }));
}
