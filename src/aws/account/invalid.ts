import type { ApplicationFailure } from '@temporalio/common';
import { type FailureOptions, failure } from '../failure.js';

/** Makes the failure for something in the document that this account, region or mirror cannot do. */
export function invalid(
  code: string,
  message: string,
  hint: string,
  more: Pick<FailureOptions, 'cause' | 'types'> = {},
): ApplicationFailure {
  return failure({ code, class: 'invalid', message, hint, ...more });
}
