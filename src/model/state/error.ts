/** Classes of errors. The class decides what happens next: retry, next subnet, park or repair. [docs/reference/errors.md] */
export const ERROR_CLASSES = [
  'throttled',
  'transient',
  'not-found-yet',
  'capacity',
  'quota',
  'auth',
  'invalid',
  'conflict',
  'node-script',
  'unknown',
] as const;

export type ErrorClass = (typeof ERROR_CLASSES)[number];

export interface ErrorRecord {
  code: string;
  class: ErrorClass;
  message: string;
  /** What a person can do about it. */
  hint: string;
  at: string;
  operation: string | null;
  step: string | null;
  slot: string | null;
  attempt: number;
}
