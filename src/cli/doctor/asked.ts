import { codeOf, messageOf } from '../../aws/error-code.js';
import { CliError, EXIT } from '../exit.js';
import { NotMeasured } from './checklist.js';

/** Codes of a denied call. [docs: error codes of EC2, IAM, STS, S3, SSM and Service Quotas] */
const DENIED = new Set(['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'AuthorizationError']);

/**
 * Makes one call to AWS with the person's own credentials.
 *
 * @param action as IAM names it, such as `ec2:DescribeInstances`
 * @param whenDenied the hint for people without that permission
 * @throws NotMeasured if the person lacks the permission; CliError `unreachable` with AWS's own words for anything else
 */
export async function asked<T>(action: string, ask: () => Promise<T>, whenDenied = ''): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (DENIED.has(codeOf(error)))
      throw new NotMeasured(`your credentials are not allowed to ask (${action})`, whenDenied);
    throw new CliError(
      EXIT.unreachable,
      `${action}: ${codeOf(error)}: ${messageOf(error)}`,
      "doctor uses your own credentials, not the worker's",
      { cause: error },
    );
  }
}
