/** Conditional requests. On a PUT: 412 when the condition fails. [docs: S3 conditional writes] */
import { AwsError } from '../aws-error.js';
import type { StoredObject } from './buckets.js';

/** @throws PreconditionFailed, NoSuchKey (If-Match on a missing key) */
export function checkWrite(headers: Record<string, string>, present: StoredObject | undefined, key: string): void {
  const none = headers['if-none-match'];
  const match = headers['if-match'];
  if (none !== undefined && none !== '*') {
    throw new AwsError('NotImplemented', 501, 'If-None-Match of a write can only be *.', { Header: 'If-None-Match' });
  }
  if (none === '*' && present !== undefined) throw failed('If-None-Match');
  if (match === undefined) return;
  if (present === undefined) throw new AwsError('NoSuchKey', 404, 'The specified key does not exist.', { Key: key });
  if (!isSame(match, present)) throw failed('If-Match');
}

/** @returns true when the reader has it already (304). @throws PreconditionFailed */
export function checkRead(headers: Record<string, string>, present: StoredObject): boolean {
  const match = headers['if-match'];
  const none = headers['if-none-match'];
  if (match !== undefined && !isSame(match, present)) throw failed('If-Match');
  return none !== undefined && isSame(none, present);
}

function isSame(stated: string, { etag }: StoredObject): boolean {
  return stated === '*' || stated === etag || `"${stated}"` === etag;
}

function failed(condition: string): AwsError {
  const message = 'At least one of the pre-conditions you specified did not hold';
  return new AwsError('PreconditionFailed', 412, message, { Condition: condition });
}
