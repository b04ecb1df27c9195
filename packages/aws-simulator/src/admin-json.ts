/** JSON as the simulator's admin API reads and answers it. */
import { ZodError } from 'zod';
import type { HttpReply } from './contract.js';

export function json(status: number, value: unknown): HttpReply {
  return { status, headers: { 'content-type': 'application/json' }, body: `${JSON.stringify(value)}\n` };
}

/** Answers to the body, or with 400 if it is not JSON or, by its schema, not `what`. */
export function withBody<T>(
  body: Buffer,
  what: string,
  schema: { parse(value: unknown): T },
  answer: (value: T) => HttpReply | Promise<HttpReply>,
): HttpReply | Promise<HttpReply> {
  let value: T;
  try {
    value = schema.parse(JSON.parse(body.toString('utf8')));
  } catch (error) {
    if (error instanceof ZodError) return json(400, { error: `not ${what}`, issues: error.issues });
    if (error instanceof SyntaxError) return json(400, { error: error.message });
    throw error;
  }
  return answer(value);
}
