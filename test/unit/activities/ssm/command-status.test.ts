import { expect, test } from 'vitest';
import { commandStatus } from '#src/activities/ssm/command-status.js';

test.each([
  ['Pending', 'running'],
  ['In Progress', 'running'],
  ['InProgress', 'running'],
  ['Delayed', 'running'],
  ['Cancelling', 'running'],
  ['Success', 'ended'],
  ['Failed', 'ended'],
  ['Execution Timed Out', 'timed-out'],
  ['ExecutionTimedOut', 'timed-out'],
  ['Delivery Timed Out', 'undelivered'],
  ['Undeliverable', 'undelivered'],
  ['Terminated', 'undelivered'],
  ['Cancelled', 'undelivered'],
  ['Access Denied', 'denied'],
  ['AccessDenied', 'denied'],
  ['Something New', 'running'],
])('%s is %s, with and without spaces', (details, status) => {
  expect(commandStatus(details, undefined)).toBe(status);
});

test('where details are missing the status has to do', () => {
  expect([
    commandStatus('', 'Success'),
    commandStatus(undefined, 'TimedOut'),
    commandStatus(undefined, undefined),
  ]).toEqual(['ended', 'undelivered', 'running']);
});
