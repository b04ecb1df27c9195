import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, test } from 'vitest';
import { codeOf, httpStatusOf, messageOf } from '#src/aws/error-code.js';
import { failure, toFailure } from '#src/aws/failure.js';
import { awsError } from '../activities/support.js';

describe('the code of an error', () => {
  test.each([
    ['of AWS', awsError('InsufficientInstanceCapacity'), 'InsufficientInstanceCapacity'],
    ['of Node', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    [
      'of both addresses of a name',
      new AggregateError([Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })]),
      'ECONNREFUSED',
    ],
    [
      'of a cause',
      new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ENOTFOUND' }) }),
      'ENOTFOUND',
    ],
    ['of a time-out', Object.assign(new Error('timed out'), { name: 'TimeoutError' }), 'TimeoutError'],
    [
      "of a proxy's page",
      new SyntaxError('Unexpected token <\n  Deserialization error: see $response'),
      'UnreadableAnswer',
    ],
    ['of nothing known', new Error('odd'), 'Unexpected'],
    ['of no error', 'odd', 'Unexpected'],
  ])('%s', (_, error, code) => {
    expect(codeOf(error)).toBe(code);
  });

  test('comes with the HTTP status, also of an answer that could not be read', () => {
    const unreadable = Object.assign(new Error('Deserialization error'), { $response: { statusCode: 502 } });

    expect([httpStatusOf(awsError('X', 'x', 403)), httpStatusOf(unreadable), httpStatusOf('x')]).toEqual([
      403,
      502,
      undefined,
    ]);
  });

  test('comes with a message on one line, without what only tools can read', () => {
    const error = awsError(
      'UnauthorizedOperation',
      'You are not\nauthorized. Encoded authorization failure message: AAAA-BBBB',
    );

    expect(messageOf(error)).toBe('You are not authorized.');
  });
});

describe('a failure', () => {
  test.each([
    ['InsufficientInstanceCapacity', 500, 'capacity', true],
    ['VcpuLimitExceeded', 400, 'quota', true],
    ['UnauthorizedOperation', 403, 'auth', true],
    ['RequestLimitExceeded', 503, 'throttled', false],
    ['ThrottlingException', 400, 'throttled', false],
    ['InternalError', 500, 'transient', false],
    ['TimeoutError', undefined, 'transient', false],
    ['InvalidAMIID.NotFound', 400, 'invalid', true],
    ['IncorrectInstanceState', 400, 'conflict', false],
    ['IdempotentParameterMismatch', 400, 'conflict', true],
    ['InvalidInstanceId', 400, 'not-found-yet', false],
  ])('of %s has its class and is final where a repetition is of no use', (code, status, errorClass, final) => {
    const error = awsError(code, 'as AWS says', status);

    const made = toFailure(error, 'RunInstances for server-0');

    expect(made.type).toBe(errorClass);
    expect(made.nonRetryable).toBe(final);
    expect(made.details?.[0]).toMatchObject({ code, class: errorClass });
    expect(made.message).toBe(`RunInstances for server-0: ${code}: as AWS says`);
    expect(made.cause).toBe(error);
  });

  test('that is one already is passed on', () => {
    const made = failure({ code: 'InstanceLost', class: 'conflict', message: 'gone', hint: 'none' });

    expect(toFailure(made, 'again')).toBe(made);
  });

  test('masks secrets in its message and its causes, before it is cut', () => {
    const url = 'https://b.s3.amazonaws.com/k?X-Amz-Algorithm=x&X-Amz-Signature=5ec4e7';
    const error = awsError('ValidationException', `value '${'y'.repeat(1_480)} ${url}' failed`);
    error.cause = new Error(`sent Authorization: Basic c2VydmVyOmh1c2gtaHVzaA==`);

    const made = toFailure(error, `PUT ${url}`);

    const { cause } = made;
    expect(cause).toMatchObject({ name: error.name });
    for (const text of [made.message, JSON.stringify(made.details), cause?.message, cause?.stack, String(cause?.cause)])
      expect(text).not.toMatch(/X-Amz|5ec4e7|c2VydmVy/);
  });

  test('stays far below the 4 KiB that Temporal takes', () => {
    const made = toFailure(awsError('X', 'y'.repeat(10_000)), 'RunInstances');

    expect(made).toBeInstanceOf(ApplicationFailure);
    expect(made.message.length).toBeLessThanOrEqual(1_500);
  });
});
