import { toCliError } from '../errors.js';
import type { Check } from '../outputs.js';

/** Thrown by a check without a measurement, for example because the person lacks a permission. */
export class NotMeasured extends Error {
  override readonly name = 'NotMeasured';
  constructor(
    message: string,
    readonly hint = '',
  ) {
    super(message);
  }
}

/** Checks in their order: a failed one stops none of the others. */
export class Checklist {
  readonly checks: Check[] = [];

  /** @param run resolves to the result; rejects with `NotMeasured` or any other error @returns whether the check is ok */
  async add(check: string, run: () => Promise<string>): Promise<boolean> {
    try {
      this.checks.push({ check, result: 'ok', message: await run(), hint: '' });
      return true;
    } catch (error) {
      if (error instanceof NotMeasured)
        this.checks.push({ check, result: 'unknown', message: error.message, hint: error.hint });
      else {
        const { message, hint } = toCliError(error);
        this.checks.push({ check, result: 'failed', message, hint: hint });
      }
      return false;
    }
  }

  get failed(): number {
    return this.checks.filter(({ result }) => result === 'failed').length;
  }
}
