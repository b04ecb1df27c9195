import type { ErrorClass } from '../state.js';

/** What is known of an error code: whose it is, its class, and what a person can do about it. */
export interface KnownError {
  class: ErrorClass;
  /** `EC2`, `SSM`, `S3`, `AWS` for codes common to all services, `network`, `Keelson`. */
  source: 'EC2' | 'SSM' | 'S3' | 'AWS' | 'network' | 'Keelson';
  advice: string;
}

export type KnownErrors = Readonly<Record<string, KnownError>>;

/** Entries for several codes that mean the same. */
export function alike(
  source: KnownError['source'],
  errorClass: ErrorClass,
  advice: string,
  codes: string[],
): KnownErrors {
  return Object.fromEntries(codes.map((code) => [code, { class: errorClass, source, advice }]));
}
