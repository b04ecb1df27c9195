import { expect, it } from 'vitest';
import type { Source } from '../../../src/cli/wait/follow.js';
import { judge } from '../../../src/cli/wait/goal.js';
import { waitFor } from '../../../src/cli/wait/wait.js';
import type { StatusView } from '../../../src/model/status.js';
import { captured } from './io.js';
import { failure, operation, statusView } from './status.js';

/** Gives one status a look, the last one for ever. */
function source(...statuses: [StatusView, ...StatusView[]]): Source {
  const life = { ended: null, firstRunId: 'r', rests: false, historyLength: 1, unattended: false, taskAttempt: 0 };
  const next = async (): Promise<StatusView> => (statuses.length > 1 ? statuses.shift() : undefined) ?? statuses[0];
  return { life: async () => life, stored: next, ask: next, refusal: async () => null };
}

it('a wait for a repair tells errors of the repair, not why it was held back before', async () => {
  // Prepare
  const { io, read } = captured();
  const before = failure({ code: 'RepairNeeded', operation: null });
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
  expect(read().stderr).not.toContain('RepairNeeded');
});
