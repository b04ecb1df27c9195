import { describe, expect, it } from 'vitest';
import type { Invocation } from '#src/activities/ssm/commands.js';
import { lostBecause, newWatch } from '#src/activities/ssm/lost-command.js';

const JOB_SECONDS = 900;
const answer = (status: Invocation['status'], more: Partial<Invocation> = {}): Invocation => ({
  status,
  word: status,
  exitCode: null,
  stdout: '',
  stderr: '',
  ...more,
});

/** What is made of one answer after another, each at its second. */
function seen(...answers: [seconds: number, invocation: Invocation, agent?: 'online' | 'away'][]): (string | null)[] {
  const watch = newWatch(0);
  return answers.map(([seconds, invocation, agent]) =>
    lostBecause(watch, invocation, false, agent ?? null, JOB_SECONDS, seconds * 1_000),
  );
}

describe('a command', () => {
  it('is lost when SSM has not known it for half a minute, and not when that was only so in between', () => {
    const unknown = answer('unknown');
    expect(seen([0, unknown], [29, unknown], [30, unknown])).toEqual([null, null, 'SSM does not know it']);
    expect(seen([0, unknown], [20, answer('running')], [40, unknown])).toEqual([null, null, null]);
  });

  it('is lost at once when SSM says that it may never have run', () => {
    expect(seen([1, answer('undelivered', { word: 'Undeliverable' })])).toEqual(['SSM says Undeliverable']);
  });

  it('is lost when its agent was away and is back, and is waited for while it is away', () => {
    const running = answer('running');
    expect(
      seen([20, running, 'online'], [30, running, 'away'], [40, running, 'away'], [50, running, 'online']),
    ).toEqual([null, null, null, 'its agent was away and has come back']);
  });

  it('is lost when it has told nothing for minutes, or runs longer than its job may', () => {
    const running = answer('running', { word: 'InProgress' });
    expect(seen([299, running], [300, running])).toEqual([null, 'it is InProgress and has told nothing']);
    expect(seen([930, running])).toEqual(['it is InProgress longer than its job may take']);
    expect(seen([930, running, 'away'])).toEqual([null]);
  });

  it('is lost when its shell was ended by a signal and has told nothing, and not when it has failed', () => {
    expect(seen([1, answer('ended', { exitCode: 137 })])).toEqual(['its shell was ended (exit 137)']);
    expect(seen([1, answer('ended', { exitCode: 127 })])).toEqual([null]);
    expect(lostBecause(newWatch(0), answer('ended', { exitCode: 143 }), true, null, JOB_SECONDS, 0)).toBeNull();
  });
});
