/** Permissions for calls to IAM and Service Quotas. [Service Authorization Reference: AWS IAM, Service Quotas] */
import type { AwsCall } from '../contract.js';
import type { Params } from '../ec2/params.js';
import type { Check } from './check.js';

export function iamChecks({ action, account }: AwsCall, params: Params): Check[] {
  if (action === 'GetInstanceProfile') {
    const resource = `arn:aws:iam::${account}:instance-profile/${params.text('InstanceProfileName') ?? ''}`;
    return [{ action: 'iam:GetInstanceProfile', resource, kind: 'instance-profile', keys: {} }];
  }
  const resource = params.text('PolicySourceArn') ?? '';
  const kind = resource.split(':').at(-1)?.startsWith('user/') === true ? 'user' : 'role';
  return [{ action: 'iam:SimulatePrincipalPolicy', resource, kind, keys: {} }];
}

export const quotaChecks = ({ action, region, account }: AwsCall): Check[] => [
  {
    action: `servicequotas:${action}`,
    resource: `arn:aws:servicequotas:${region}:${account}:ec2/*`,
    kind: 'quota',
    keys: {},
  },
];
