import * as z from 'zod';

/**
 * Building blocks of the document's schema. Each field carries a description and an example: both go into the JSON Schema, and a violation
 * offers the example as the hint.
 */

// zod compiles object parsers with `new Function` where it may; the workflow sandbox is not the place for that.
z.config({ jitless: true });

/**
 * A text with a syntax.
 *
 * @param pattern also becomes `pattern` in the JSON Schema
 * @param wrong message for a text that does not match, e.g. `is not an EC2 instance type`
 */
export function text(pattern: RegExp, wrong: string, description: string, example: string) {
  return z
    .string()
    .regex(pattern, { error: wrong })
    .meta({ description, examples: [example] });
}

/** A whole number between two bounds, both included. */
export function whole(min: number, max: number, description: string, example: number) {
  return z
    .int()
    .min(min)
    .max(max)
    .meta({ description, examples: [example] });
}

export const flag = (description: string) => z.boolean().meta({ description, examples: [true] });

/** Lower-case letters, digits and hyphens, as in DNS labels (RFC 1123). */
export const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** `90s`, `5m`, `1h30m`. */
export const DURATION = /^(?=\d)(\d{1,4}h)?(\d{1,5}m)?(\d{1,6}s)?$/;

export const duration = (description: string, example: string) =>
  text(DURATION, 'is not a duration', description, example);

/** Five fields; a rule checks their ranges. */
export const CRON = /^\S+( +\S+){4}$/;

export const cron = (description: string, example: string) =>
  text(CRON, 'is not a cron expression of five fields', description, example);

/** A mapping of at most so many entries, e.g. labels. `maxProperties` in the JSON Schema says the same. */
export function mapping<Value extends z.core.SomeType>(
  value: Value,
  most: number,
  { description, example }: { description: string; example: unknown },
) {
  return z
    .record(z.string(), value)
    .refine((entries) => Object.keys(entries).length <= most, { error: `has more than ${most} entries` })
    .default({})
    .meta({ description, examples: [example], maxProperties: most });
}
