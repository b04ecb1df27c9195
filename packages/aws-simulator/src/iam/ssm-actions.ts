/** Permissions for each call of SSM. [Service Authorization Reference: AWS Systems Manager] */
import type { Account } from '../ec2/account.js';
import { ACCOUNT_ID } from '../ec2/network.js';
import { type Input, text, texts } from '../ssm/context.js';
import type { Check, Keys } from './check.js';
import { resourceOf } from './ec2-resources.js';

export interface SsmQuestion {
  action: string;
  region: string;
  account: Account | undefined;
  input: Input;
}

type Judged = (question: SsmQuestion) => Check[];

/** These take no resource. */
const WITHOUT_RESOURCE = [
  'CancelCommand',
  'DescribeInstanceInformation',
  'GetCommandInvocation',
  'ListCommandInvocations',
  'ListCommands',
];

export const SSM_ACTIONS: Readonly<Record<string, Judged>> = {
  ...Object.fromEntries(WITHOUT_RESOURCE.map((action): [string, Judged] => [action, withoutResource])),
  GetParameter: ({ region, input }) => [parameter('ssm:GetParameter', region, text(input, 'Name') ?? '')],
  GetParameters: ({ region, input }) =>
    texts(input, 'Names').map((name) => parameter('ssm:GetParameters', region, name)),
  SendCommand: ({ region, account, input }) => [
    ...onDocument(region, text(input, 'DocumentName') ?? ''),
    ...texts(input, 'InstanceIds').flatMap((id) => onInstance(account, id)),
  ],
};

/**
 * Permissions for a command on one instance. AWS decides about each instance of `Targets`, too: the call passes, and the invocation of a
 * forbidden one reads AccessDenied. [Systems Manager user guide: Run Command, tag-based access]
 *
 * @returns nothing for a missing instance: SSM calls its id invalid
 */
export function onInstance(account: Account | undefined, id: string): Check[] {
  const instance = account === undefined ? null : resourceOf(account, id);
  if (instance?.kind !== 'instance') return [];
  const keys: Keys = {};
  for (const [key, value] of Object.entries(instance.keys)) {
    if (key.startsWith('aws:ResourceTag/')) keys[key] = value;
    if (key.startsWith('ec2:ResourceTag/')) keys[key.replace('ec2:ResourceTag', 'ssm:resourceTag')] = value;
  }
  return twice({ action: 'ssm:SendCommand', resource: instance.arn, kind: 'instance', keys });
}

/** Amazon's own documents belong to no account. */
function onDocument(region: string, name: string): Check[] {
  const resource = `arn:aws:ssm:${region}::document/${name}`;
  return twice({ action: 'ssm:SendCommand', resource, kind: 'document', keys: {} });
}

/**
 * Run Command checks the call as it comes, and again in its own name: "If you use any global condition keys for the SendCommand action
 * [...] you must include the aws:ViaAWSService condition key" [Systems Manager user guide: Setting up Run Command]. AWS does not say which
 * global keys that second request carries; here it carries none of the first one's.
 */
function twice(check: Check): Check[] {
  return [check, { ...check, viaService: true }];
}

function withoutResource({ action }: SsmQuestion): Check[] {
  return [{ action: `ssm:${action}`, resource: '*', kind: null, keys: {} }];
}

/** Public parameters belong to no account. */
function parameter(action: string, region: string, name: string): Check {
  const path = name.replace(/^\//, '');
  const owner = path.startsWith('aws/service/') ? '' : ACCOUNT_ID;
  return { action, resource: `arn:aws:ssm:${region}:${owner}:parameter/${path}`, kind: 'parameter', keys: {} };
}
