import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { AwsClients } from '../../aws/clients.js';
import { asked } from './asked.js';

/** Owner of the credentials. */
export interface Caller {
  account: string;
  /** As STS names it: for a role it is the ARN of the session. */
  arn: string;
}

/**
 * Options of a client that only doctor needs: the same credentials and region as the EC2 client, so that an assumed role counts here, too.
 */
export const sameAs = (aws: AwsClients, region: string) => {
  const { credentials, requestHandler, endpoint } = aws.ec2(region).config;
  return { region, credentials, requestHandler, ...(endpoint !== undefined && { endpoint }) };
};

/** Needs no permission. [STS API: GetCallerIdentity] @throws CliError for credentials that AWS refuses */
export async function callerOf(aws: AwsClients, region: string): Promise<Caller> {
  const sts = new STSClient(sameAs(aws, region));
  const { Account = '', Arn = '' } = await asked('sts:GetCallerIdentity', () =>
    sts.send(new GetCallerIdentityCommand({})),
  );
  return { account: Account, arn: Arn };
}

/**
 * Returns the IAM identity behind a session, whose policies IAM can simulate. The ARN of a session leaves out the path of its role. [IAM
 * user guide: IAM identifiers]
 *
 * @returns null for the root user and for federated users, which have no policies of their own
 */
export function identityOf(arn: string): string | null {
  const [, partition, , , account, resource = ''] = arn.split(':');
  if (resource.startsWith('user/')) return arn;
  const role = /^assumed-role\/([^/]+)\//.exec(resource)?.[1];
  return role === undefined ? null : `arn:${partition}:iam::${account}:role/${role}`;
}
