import type { ApplicationFailure } from '@temporalio/common';
import { failure } from '../../aws/failure.js';

/** Something in the document that this account, region or mirror cannot do. */
export function invalid(code: string, message: string, advice: string, cause?: unknown): ApplicationFailure {
  return failure({ code, class: 'invalid', message, advice, cause });
}
