import type { ErrorClass } from '../state.js';
import { AWS_ERRORS } from './aws.js';
import { EC2_ERRORS } from './ec2.js';
import type { KnownErrors } from './known.js';
import { NETWORK_ERRORS } from './network.js';
import { OWN_ERRORS } from './own.js';
import { BACKUP_ERRORS } from './own-backups.js';
import { NODE_ERRORS } from './own-nodes.js';
import { VOLUME_ERRORS } from './own-volumes.js';
import { S3_ERRORS } from './s3.js';
import { SSM_ERRORS } from './ssm.js';
import { STATE_REASONS } from './state-reason.js';

/** Every code that Keelson knows; the errors reference is generated from it. */
export const KNOWN_ERRORS: KnownErrors = {
  ...AWS_ERRORS,
  ...EC2_ERRORS,
  ...STATE_REASONS,
  ...SSM_ERRORS,
  ...S3_ERRORS,
  ...NETWORK_ERRORS,
  ...OWN_ERRORS,
  ...NODE_ERRORS,
  ...BACKUP_ERRORS,
  ...VOLUME_ERRORS,
};

/** What Keelson does about an error of a class, in words for people. */
export const CLASS_ACTION: Readonly<Record<ErrorClass, string>> = {
  throttled: 'tries again, slower each time',
  transient: 'tries again with back-off',
  'not-found-yet': 'asks again for some minutes before it accepts that the resource does not exist',
  capacity: 'goes on with the next subnet, then tries again later',
  quota: 'parks the operation and tries again later',
  auth: 'parks the operation until `retry`, a new document, or its next try',
  invalid: 'parks the operation until `retry`, a new document, or its next try',
  conflict: 'observes again and plans again',
  'node-script': 'tries the step again; scripts may be repeated',
  unknown: 'tries again with back-off, then parks the operation',
};

export interface Classified {
  class: ErrorClass;
  whatKeelsonDoes: string;
  hint: string;
  /** False when the class was guessed from the HTTP status. */
  known: boolean;
}

/**
 * Returns class and hint of an error code. The HTTP status decides for a code outside of the table: 429 and 503 with a throttling name
 * throttle, other 5xx pass, 401 and 403 are about permission, other 4xx about the request.
 *
 * @param code AWS's or Keelson's own, e.g. `InsufficientInstanceCapacity`
 * @param httpStatus of the answer, if there was one
 */
export function classifyCode(code: string, httpStatus?: number): Classified {
  const entry = entryOf(code) ?? entryOf(code.replace(SIDE, ''));
  if (entry !== undefined) return classified(entry.class, entry.hint, true);
  return classified(guess(code, httpStatus), `see the message and AWS's description of ${code}`, false);
}

/** A StateReason names a code of the API behind the side whose fault it is: `Client.InvalidKMSKey.NotFound`. [docs: EC2 StateReason] */
const SIDE = /^(Client|Server)\./;

const entryOf = (code: string): KnownErrors[string] | undefined =>
  Object.hasOwn(KNOWN_ERRORS, code) ? KNOWN_ERRORS[code] : undefined;

function classified(errorClass: ErrorClass, hint: string, known: boolean): Classified {
  return { class: errorClass, whatKeelsonDoes: CLASS_ACTION[errorClass], hint, known };
}

/** AWS adds codes without notice; their names follow patterns. [docs: EC2 error codes] */
function guess(code: string, httpStatus: number | undefined): ErrorClass {
  if (httpStatus === 429 || /Throttl|RateExceeded|TooManyRequests/.test(code)) return 'throttled';
  if (/^E[A-Z_]{3,}$/.test(code)) return 'transient';
  if (/^(Server\.)?Insufficient.*Capacity/.test(code)) return 'capacity';
  if (/LimitExceeded$/.test(code)) return 'quota';
  // Without an answer it is a StateReason: what the launch was asked with is wrong, and stays so.
  if (httpStatus === undefined) return /^Client\.Invalid/.test(code) ? 'invalid' : 'unknown';
  if (httpStatus >= 500) return 'transient';
  if (httpStatus === 401 || httpStatus === 403) return 'auth';
  if (httpStatus === 409 || httpStatus === 412) return 'conflict';
  return httpStatus >= 400 ? 'invalid' : 'unknown';
}
