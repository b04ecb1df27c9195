import type { ApplicationFailure } from '@temporalio/common';
import { type FailureOptions, failure } from '../failure.js';

/** Something in the document that this account, region or mirror cannot do. */
export function invalid(
  code: string,
  message: string,
  advice: string,
  more: Pick<FailureOptions, 'cause' | 'types'> = {},
): ApplicationFailure {
  return failure({ code, class: 'invalid', message, advice, ...more });
}
