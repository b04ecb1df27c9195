import { describe, expect, it } from 'vitest';
import { CLASS_ACTION, classifyCode, KNOWN_ERRORS } from '#src/model/errors/index.js';
import { ERROR_CLASSES } from '#src/model/state.js';

describe('classifyCode', () => {
  it.each([
    ['RequestLimitExceeded', 503, 'throttled'],
    ['ThrottlingException', 400, 'throttled'],
    ['InvalidInstanceID.NotFound', 400, 'not-found-yet'],
    ['InvocationDoesNotExist', 400, 'not-found-yet'],
    ['InsufficientInstanceCapacity', 500, 'capacity'],
    ['VcpuLimitExceeded', 400, 'quota'],
    ['UnauthorizedOperation', 403, 'auth'],
    ['InvalidAMIID.NotFound', 400, 'invalid'],
    ['IdempotentInstanceTerminated', 400, 'conflict'],
    ['ConditionalRequestConflict', 409, 'conflict'],
    ['NodeScriptFailed', undefined, 'node-script'],
    ['ECONNRESET', undefined, 'transient'],
    // What EC2 gives as the reason of an instance's end, with the side before a code of the API.
    ['Client.InvalidKMSKey.NotFound', undefined, 'invalid'],
    ['Client.MaxIOPSLimitExceeded', undefined, 'quota'],
    ['Server.InsufficientHostCapacity', undefined, 'capacity'],
    ['Client.UserInitiatedShutdown', undefined, 'conflict'],
  ])('knows %s (%s) as %s', (code, status, expected) => {
    expect(classifyCode(code, status)).toMatchObject({ class: expected, known: true });
  });

  it.each([
    ['BrandNewCode', 500, 'transient'],
    ['BrandNewCode', 429, 'throttled'],
    ['BrandNewCode', 403, 'auth'],
    ['BrandNewCode', 409, 'conflict'],
    ['BrandNewCode', 400, 'invalid'],
    ['BrandNewCode', undefined, 'unknown'],
    ['NewThingThrottled', 400, 'throttled'],
    ['InsufficientQuantumCapacity', 400, 'capacity'],
    ['GizmoLimitExceeded', 400, 'quota'],
    ['EADDRNOTAVAIL', undefined, 'transient'],
    ['toString', undefined, 'unknown'],
    ['Client.InvalidGizmo.NotFound', undefined, 'invalid'],
    ['Server.InsufficientQuantumCapacity', undefined, 'capacity'],
    ['Client.BrandNewReason', undefined, 'unknown'],
  ])('guesses that %s (%s) is %s', (code, status, expected) => {
    expect(classifyCode(code, status)).toMatchObject({ class: expected, known: false });
  });

  it('has a hint for every code and an action for every class', () => {
    for (const [code, { hint }] of Object.entries(KNOWN_ERRORS)) expect(hint, code).not.toBe('');
    for (const errorClass of ERROR_CLASSES) expect(CLASS_ACTION[errorClass]).not.toBe('');
  });

  it('has a real code for every class but unknown', () => {
    const vendors = Object.values(KNOWN_ERRORS).filter((one) => one.source !== 'Keelson');
    const covered = new Set(vendors.map((one) => one.class));
    expect(ERROR_CLASSES.filter((one) => !covered.has(one))).toEqual(['node-script', 'unknown']);
  });
});
