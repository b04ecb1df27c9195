/**
 * The role that Keelson assumes for a cluster in another account. Without one a cluster is in the worker's own account.
 * [docs: IAM, access to AWS accounts owned by third parties; ADR 0047]
 */
export interface AccountRole {
  roleArn: string;
  /** Not a secret: the role's trust policy compares it, so that a document of someone else cannot use the role. */
  externalId?: string | undefined;
}

/** `arn:aws:iam::222222222222:role/<path>/<name>`. A path and a name have at most 512 and 64 characters. [IAM API: Role] */
export const ROLE_ARN = /^arn:(aws[a-z-]*):iam::(\d{12}):role\/((?:[\w+=,.@-]{1,510}\/)*[\w+=,.@-]{1,64})$/;

/** Returns the account of the role, 12 digits; null for the worker's own. */
export function accountIdOf(account: AccountRole | null | undefined): string | null {
  return account == null ? null : (ROLE_ARN.exec(account.roleArn)?.[2] ?? account.roleArn);
}

/** Returns `aws`, `aws-cn` or `aws-us-gov`; null for anything but the ARN of a role. */
export const partitionOf = (roleArn: string): string | null => ROLE_ARN.exec(roleArn)?.[1] ?? null;

/** Returns a key that distinguishes two roles, external ids included. */
export const accountKey = (account: AccountRole | null | undefined): string =>
  account == null ? '' : JSON.stringify([account.roleArn, account.externalId ?? null]);

/** Returns ` of the account 222222222222`, or nothing for the worker's own: for messages. */
export const ofAccount = (account: AccountRole | null | undefined): string =>
  account == null ? '' : ` of the account ${accountIdOf(account)}`;
