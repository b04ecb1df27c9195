import { AwsError } from './aws-error.js';

/** Record, table, permissions and service read the same request one after the other, and a script in it is long. */
const known = new WeakMap<Buffer, Readonly<Record<string, unknown>>>();

/**
 * Returns the input of a call in AWS's JSON protocol; an empty body is an empty input. [docs: smithy, AWS JSON 1.0 and 1.1]
 *
 * @throws AwsError `SerializationException` for a body that is not a JSON object
 */
export function readJsonBody(body: Buffer): Record<string, unknown> {
  const there = known.get(body);
  if (there !== undefined) return { ...there };
  try {
    const value: unknown = JSON.parse(body.toString('utf8') || '{}');
    if (typeof value === 'object' && value !== null) {
      known.set(body, { ...value });
      return { ...value };
    }
  } catch {
    // Reported below, like any other body that isn't an object.
  }
  throw new AwsError('SerializationException', 400, 'The body is not a JSON object.');
}
