/** Callers: the roles that have policies in deploy/aws, and an administrator who prepares and inspects tests. */
import type { CallerName } from '../credentials.js';
import { ACCOUNT_ID } from '../ec2/network.js';

/** `node` has no key: the SSM agent of an instance calls with it. */
export type PrincipalName = CallerName | 'node' | 'member';

export interface Principal {
  name: PrincipalName;
  /** As AWS names the caller in its refusals. */
  arn: string;
  /** `aws:PrincipalArn`: of an assumed role it is the role's. [docs: IAM global condition keys] */
  roleArn: string;
}

/** Roles, named as CloudFormation and people might. */
const ROLES: Record<Exclude<PrincipalName, 'admin'>, string> = {
  worker: 'keelson-worker',
  user: 'keelson-user',
  operator: 'keelson-operator',
  cleaner: 'keelson-cleaner',
  node: 'keelson-node',
  member: 'keelson-member',
};

/** Path of the role that deploy/aws/member-account.yaml makes; a path makes patterns of ARNs narrow. */
const MEMBER_PATH = 'keelson/';

/** Returns the role of deploy/aws/member-account.yaml in an account. */
export const memberRoleArn = (account: string): string => `arn:aws:iam::${account}:role/${MEMBER_PATH}${ROLES.member}`;

/** The instance profile of deploy/aws, and its role. */
export const NODE_PROFILE = 'keelson-node';
export const NODE_ROLE_ARN = roleArnOf(ROLES.node);

/** Returns the role of an instance profile; a profile from outside of the template has a role of its name. */
export function roleOfProfile(profile: string): string {
  return profile === NODE_PROFILE ? NODE_ROLE_ARN : roleArnOf(profile);
}

/** @param session by AWS's own rules the instance's id, or the session name that the caller of AssumeRole chose */
export function principalOf(name: PrincipalName, session: string = name, account = ACCOUNT_ID): Principal {
  if (name === 'admin') {
    const arn = `arn:aws:iam::${ACCOUNT_ID}:user/admin`;
    return { name, arn, roleArn: arn };
  }
  const role = ROLES[name];
  const arn = `arn:aws:sts::${account}:assumed-role/${role}/${session}`;
  return { name, arn, roleArn: name === 'member' ? memberRoleArn(account) : roleArnOf(role) };
}

function roleArnOf(role: string): string {
  return `arn:aws:iam::${ACCOUNT_ID}:role/${role}`;
}
