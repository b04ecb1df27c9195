import { accountIdOf, partitionOf } from '../../account-role.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

/**
 * Checks what a cluster in another account needs besides the role: an instance profile of that account, because KEELSON_INSTANCE_PROFILE
 * names one of the worker's, and a region of the role's partition.
 */
export const account: Rule = ({ spec }) => {
  if (spec.account === undefined) return [];
  const id = accountIdOf(spec.account);
  return [...profile(spec.access.instanceProfile, id ?? ''), ...partition(spec.region, spec.account.roleArn)];
};

function profile(name: string | undefined, id: string): Violation[] {
  const path = ['spec', 'access', 'instanceProfile'];
  if (name === undefined) {
    const message = `is missing: a cluster in the account ${id} needs an instance profile of that account`;
    return [{ path, message, hint: 'the output InstanceProfile of the stack of deploy/aws/member-account.yaml' }];
  }
  const other = /^arn:[^:]+:iam::(\d{12}):/.exec(name)?.[1];
  if (other === undefined || other === id) return [];
  const message = `is in the account ${other}, and spec.account is ${id}`;
  return [{ path, message, hint: `an instance profile of the account ${id}` }];
}

/** Credentials of one partition do not work in another. [docs: IAM, AWS partitions] */
function partition(region: string, roleArn: string): Violation[] {
  const expected = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  const given = partitionOf(roleArn);
  // AWS checks the partitions of isolated regions.
  if (given === null || given === expected || !['aws', 'aws-cn', 'aws-us-gov'].includes(given)) return [];
  const message = `is a role of the partition ${given}, and the region ${region} is one of ${expected}`;
  return [{ path: ['spec', 'account', 'roleArn'], message, hint: `a role that begins with arn:${expected}:` }];
}
