import { AssumeRoleCommand, type STSClient } from '@aws-sdk/client-sts';
import type { ApplicationFailure } from '@temporalio/common';
import { type AccountRole, accountIdOf } from '../model/account-role.js';
import { classifyCode } from '../model/errors/index.js';
import { codeOf, httpStatusOf, messageOf } from './error-code.js';
import { failure, toFailure } from './failure.js';

/** Temporary credentials, in the form of the SDK's clients. */
export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
  expiration: Date;
}

/** Credentials, as the SDK's clients accept them. */
export type CredentialSource = () => Promise<Credentials>;

/** The default, and the maximum for a role whose caller is an assumed role itself. [docs: STS AssumeRole, role chaining] */
const SECONDS = 3_600;
/** Refreshed before their end: a signed call may wait, and a presigned URL lives for minutes. */
const EARLY_MS = 10 * 60_000;

/** `keelson-<cluster>`, which CloudTrail of the other account shows for each call. [STS API: RoleSessionName] */
export const sessionNameOf = (subject: string): string =>
  `keelson-${subject.replaceAll(/[^\w+=,.@-]/g, '-')}`.slice(0, 64);

/**
 * Shares the credentials of a role, and refreshes them before they end. It does not keep a refusal: the next call asks again.
 *
 * @param now milliseconds since 1970, for tests
 * @returns credentials for the SDK's clients; throws an `auth` failure `AssumeRoleRefused`, others as STS reports them
 */
export function assumedRole(
  sts: Pick<STSClient, 'send'>,
  account: AccountRole,
  subject: string,
  now: () => number = Date.now,
): CredentialSource {
  let held: Promise<Credentials> | null = null;
  let freshUntil = 0;
  return () => {
    if (held !== null && now() < freshUntil) return held;
    const asked = assume(sts, account, sessionNameOf(subject));
    held = asked;
    // Until the answer comes, others wait for the same one.
    freshUntil = Number.POSITIVE_INFINITY;
    asked.then(
      ({ expiration }) => {
        freshUntil = Math.max(now() + 1_000, expiration.getTime() - EARLY_MS);
      },
      () => {
        if (held === asked) held = null;
      },
    );
    return asked;
  };
}

async function assume(sts: Pick<STSClient, 'send'>, account: AccountRole, session: string): Promise<Credentials> {
  const { roleArn, externalId } = account;
  try {
    const { Credentials: given } = await sts.send(
      new AssumeRoleCommand({
        RoleArn: roleArn,
        RoleSessionName: session,
        DurationSeconds: SECONDS,
        ...(externalId !== undefined && { ExternalId: externalId }),
      }),
    );
    return {
      accessKeyId: given?.AccessKeyId ?? '',
      secretAccessKey: given?.SecretAccessKey ?? '',
      sessionToken: given?.SessionToken ?? '',
      expiration: given?.Expiration ?? new Date(),
    };
  } catch (error) {
    throw refusalOf(error, account) ?? toFailure(error, `AssumeRole ${roleArn}`);
  }
}

/**
 * STS gives the same answer if the caller lacks the right, the role does not exist, its trust policy does not name the caller or the
 * external id differs: the message names all four. [docs: IAM, troubleshoot roles]
 */
function refusalOf(error: unknown, account: AccountRole): ApplicationFailure | null {
  if (classifyCode(codeOf(error), httpStatusOf(error)).class !== 'auth' || !/sts:AssumeRole/.test(messageOf(error)))
    return null;
  const { roleArn, externalId } = account;
  const principal = /User: (\S+)/.exec(messageOf(error))?.[1] ?? 'the worker';
  const stated = externalId === undefined ? 'no external id' : 'the external id of spec.account.externalId';
  return failure({
    code: 'AssumeRoleRefused',
    class: 'auth',
    message: `${principal} may not assume ${roleArn} in the account ${accountIdOf(account)} with ${stated} (AssumeRole: ${codeOf(error)})`,
    hint: ASSUME_ROLE_HINT,
    cause: error,
  });
}

export const ASSUME_ROLE_HINT =
  'check in this order: the role exists; its trust policy names the role that the worker runs as; its condition sts:ExternalId is spec.account.externalId; the policy of the worker allows sts:AssumeRole on it (parameter MemberRoleArns of the stack of deploy/aws)';
