import type { ErrorClass } from '../state.js';

/** Description of an error code: its source, its class, and what a person can do about it. */
export interface KnownError {
  class: ErrorClass;
  /** `EC2`, `SSM`, `S3`, `AWS` for codes common to all services, `network`, `Keelson`. */
  source: 'EC2' | 'SSM' | 'S3' | 'AWS' | 'network' | 'Keelson';
  hint: string;
}

export type KnownErrors = Readonly<Record<string, KnownError>>;

/** Makes the entries of several codes with the same meaning. */
export function alike(
  source: KnownError['source'],
  errorClass: ErrorClass,
  hint: string,
  codes: string[],
): KnownErrors {
  return Object.fromEntries(codes.map((code) => [code, { class: errorClass, source, hint }]));
}
