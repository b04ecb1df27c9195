import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { describe, expect, it } from 'vitest';
import { isUnreachable, toCliError } from '#src/cli/errors.js';
import { CliError, EXIT } from '#src/cli/exit.js';
import { EnvironmentError } from '#src/config/environment.js';
import { AWS_ERRORS } from '#src/model/errors/aws.js';
import { NETWORK_ERRORS } from '#src/model/errors/network.js';
import { S3_ERRORS } from '#src/model/errors/s3.js';

const refused = (type: string) =>
  new WorkflowUpdateFailedError('update failed', ApplicationFailure.nonRetryable('no', type));
const grpc = (code: number, details: string) =>
  Object.assign(new Error(`${code} X: ${details}`), { code, details, metadata: {} });
const adapter = (errorClass: string) =>
  ApplicationFailure.create({
    type: errorClass,
    message: 'm',
    details: [{ code: 'C', class: errorClass, message: 'PutObject: C', hint: 'do this' }],
  });

/** What AWS, S3 and the way to them may answer to a command. */
const KNOWN = Object.entries({ ...AWS_ERRORS, ...S3_ERRORS, ...NETWORK_ERRORS }).map(([code, { hint }]) => ({
  code,
  hint,
}));

describe('exit codes', () => {
  it.each([
    { what: 'an end that was foreseen', error: new CliError(EXIT.refused, 'x'), code: 4 },
    { what: 'a wrong environment', error: new EnvironmentError(['X: y']), code: 2 },
    { what: 'no such workflow', error: new WorkflowNotFoundError('x', 'cluster/a', undefined), code: 3 },
    { what: 'a refused update', error: refused('Refused'), code: 4 },
    { what: 'an update with a wrong document', error: refused('InvalidSpec'), code: 2 },
    { what: 'an update with a wrong payload', error: refused('InvalidRequest'), code: 2 },
    { what: 'an update that failed', error: refused('Whatever'), code: 1 },
    { what: 'Temporal away', error: grpc(14, 'connection refused'), code: 5 },
    { what: 'Temporal away, wrapped by the SDK', error: new Error('wrapped', { cause: grpc(14, 'refused') }), code: 5 },
    { what: 'no worker', error: grpc(4, 'deadline'), code: 5 },
    { what: 'a key that Temporal refuses', error: grpc(16, 'bad key'), code: 5 },
    { what: 'a namespace that is not there', error: grpc(5, 'Namespace x is not found'), code: 5 },
    {
      what: 'search attributes that are not registered',
      error: grpc(3, 'search attribute K3sPhase is not defined'),
      code: 5,
    },
    { what: 'a bucket that is missing', error: adapter('invalid'), code: 2 },
    { what: 'credentials that AWS refuses', error: adapter('auth'), code: 5 },
    { what: 'AWS away', error: adapter('transient'), code: 5 },
    { what: 'anything else', error: new TypeError('a defect'), code: 1 },
  ])('$what is $code', ({ error, code }) => {
    expect(toCliError(error).exitCode).toBe(code);
  });

  it('come with what to do', () => {
    expect(toCliError(adapter('auth'))).toMatchObject({ message: 'PutObject: C', hint: 'do this' });
    expect(toCliError(grpc(4, 'deadline')).hint).toMatch(/worker/);
    expect(toCliError(grpc(3, 'search attribute K3sPhase is not defined')).hint).toMatch(/search-attribute create/);
  });

  it('of the own calls of a command blame no worker', () => {
    const shown = KNOWN.map(({ code, hint }) => {
      const detail = { code, class: 'auth', message: `the worker may not use the bucket b (${code})`, hint };
      const shownError = toCliError(ApplicationFailure.create({ type: 'auth', message: 'x', details: [detail] }));
      return `${shownError.message} ${shownError.hint}`;
    });
    expect(shown.filter((text) => /the worker/.test(text))).toEqual([]);
    expect(shown.filter((text) => /policy in your shell/.test(text))).toEqual([]);
    expect(shown[0]).toContain('your credentials may not use the bucket b');
  });

  it('tell what may pass from what will not', () => {
    expect(isUnreachable(grpc(14, 'x'))).toBe(true);
    expect(isUnreachable(refused('Refused'))).toBe(false);
  });
});
