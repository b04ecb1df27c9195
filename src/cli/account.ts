import type { AwsClients } from '../aws/clients.js';

/**
 * Returns the AWS account of the person's credentials, for people to read. The SDK knows the account of roles, SSO and profiles that name
 * it; this makes no call. [docs: AWS SDKs, account-based endpoints]
 */
export async function accountOf(aws: () => Promise<AwsClients>): Promise<string> {
  try {
    const clients = await aws();
    const { accountId, accessKeyId } = await clients.s3(clients.homeRegion).config.credentials();
    return accountId ?? `of access key ${accessKeyId}`;
  } catch {
    return 'unknown (no AWS credentials)';
  }
}
