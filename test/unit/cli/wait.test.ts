import { describe, expect, it, vi } from 'vitest';
import { createProgress } from '#src/cli/wait/create-progress.js';
import type { Source } from '#src/cli/wait/follow.js';
import { judge } from '#src/cli/wait/goal.js';
import { waitFor } from '#src/cli/wait/wait.js';
import type { StatusView } from '#src/model/status.js';
import { captured } from './io.js';
import { failure, operation, statusView, step } from './status.js';

/** Gives one status a look, the last one for ever. */
function source(...statuses: [StatusView, ...StatusView[]]): Source {
  const life = { ended: null, firstRunId: 'r', rests: false, historyLength: 1, unattended: false, taskAttempt: 0 };
  const next = async (): Promise<StatusView> => (statuses.length > 1 ? statuses.shift() : undefined) ?? statuses[0];
  return { executionInfo: async () => life, stored: next, ask: next, refusal: async () => null };
}

it('a wait for a repair tells errors of the repair, not why it was held back before', async () => {
  // Prepare
  const { io, read } = captured();
  const before = failure({ code: 'RepairApprovalRequired', operation: null });
  const under = { observedGeneration: 0, operation: operation({ id: 'op-2', kind: 'repair' }) };
  const shop = source(
    statusView({ ...under, lastError: before }),
    statusView({
      ...under,
      lastError: failure({ code: 'SlowDown', operation: 'op-2', at: '2026-03-01T12:00:01.000Z' }),
    }),
    statusView(),
  );

  // Act
  const status = await waitFor(io, shop, 'shop', {
    title: 'repair shop',
    since: { traceId: 't', specGeneration: 1 },
    judge: (seen) => judge(seen, 1, 'op-2'),
  });

  // Assess
  expect(status.operation).toBeNull();
  expect(read().stderr).toContain('SlowDown');
  expect(read().stderr).not.toContain('RepairApprovalRequired');
});

describe('Ctrl-C in a wait', () => {
  const SHOW_CURSOR = '\u001b[?25h';
  const HIDE_CURSOR = '\u001b[?25l';

  /** Waits for what never comes, and presses Ctrl-C at the first look. */
  async function leave(isTTY: boolean): Promise<{ error: unknown; stderr: string }> {
    const { io, read } = captured();
    const interrupted = new AbortController();
    // What listr2 asks of a terminal.
    Object.assign(io.stderr, { isTTY, columns: 80, rows: 24, cursorTo: () => true, clearLine: () => true });
    const waiting = operation({ id: 'op-1', steps: [step()] });
    const shop = source(statusView({ observedGeneration: 0, operation: waiting }));
    const wait = waitFor({ ...io, signal: interrupted.signal }, shop, 'shop', {
      title: 'resize shop',
      since: { traceId: 't', specGeneration: 1 },
      judge: () => {
        // The drawing has begun.
        setTimeout(() => interrupted.abort(), 200);
        return { kind: 'waiting' };
      },
    });
    const error = await wait.then(
      () => null,
      (reason: unknown) => reason,
    );
    return { error, stderr: read().stderr };
  }

  it.each([false, true])('ends it with exit 130 and one message, on a terminal: %s', async (isTTY) => {
    // Act
    const { error, stderr } = await leave(isTTY);

    // Assess
    expect(error).toMatchObject({
      exitCode: 130,
      message: 'interrupted: no longer waiting, and shop goes on',
      hint: 'keelson status shop',
    });
    // The message is the error's, which is printed once; nothing else tells the end.
    expect(stderr).not.toMatch(/interrupted|wait has ended|goes on|✔/);
    expect(stderr.lastIndexOf(SHOW_CURSOR)).toBeGreaterThanOrEqual(stderr.lastIndexOf(HIDE_CURSOR));
  });
});

it.each([
  ['delete shop', statusView({ phase: 'Deleting', operation: operation({ kind: 'delete' }) }), 'delete shop: done'],
  ['apply shop', statusView(), 'apply shop: Running'],
])('on a terminal the line of %s ends as the wait does, not in the middle of a step', async (title, last, expected) => {
  // Prepare
  const { io } = captured();
  Object.assign(io.stderr, { isTTY: true, columns: 80, rows: 24 });
  // The terminal of the test is none: listr2 prints the lines one after the other, to stdout.
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const progress = createProgress(io, title, []);

  // Act
  progress.show(last);
  await progress.end('done', 'over');

  // Assess
  const lines = write.mock.calls.flatMap(([text]) => String(text).split('\n'));
  write.mockRestore();
  expect(lines.findLast((line) => line.includes(title))?.trimEnd()).toMatch(new RegExp(`${expected}$`));
});
