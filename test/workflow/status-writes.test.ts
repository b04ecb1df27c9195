import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { StatusInput } from '#src/activities/api.js';
import type { StatusView } from '#src/model/status.js';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

/** Longer than this test may last: no write is followed by another one because of the time. */
const FOLD_MS = 60_000;

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

type Outlined = Pick<StatusView, 'phase' | 'health' | 'operation' | 'lastError' | 'waiting'>;
/** Before the first write. */
const NONE: Outlined = { phase: 'Failed', health: 'Unhealthy', operation: null, lastError: null, waiting: null };
const outline = ({ phase, health, operation, lastError, waiting }: Outlined): string =>
  JSON.stringify([phase, health, operation?.id, lastError?.at, waiting?.for]);

describe('status.yaml', () => {
  it('is written at once when phase, health or operation change, and not for each step', ({ expect }) =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: as the activity does, each write keeps the next one waiting
      const begun: StatusView[] = [];
      fake.before = async (name, input) => {
        if (name !== 'writeStatus') return;
        const { status, write } = input as StatusInput & { status: StatusView };
        begun.push(status);
        if (status.operation === null) return;
        const context = Context.current();
        const runId = context.info.workflowExecution?.runId ?? '';
        await fake.holds.hold(runId, write, () => context.sleep(FOLD_MS));
      };

      // Act
      const cluster = await start(written());
      const status = await cluster.healthy();
      await expect.poll(() => begun.at(-1)?.health).toBe('Healthy');

      // Assess
      const during = begun.filter(({ operation }) => operation !== null);
      expect(status.operations[0]?.steps.length).toBeGreaterThan(10);
      expect(during.map(({ phase }) => phase)).toContain('Configuring');
      expect(during.length).toBeLessThan(8);
      for (const [index, one] of during.entries()) expect(outline(one)).not.toBe(outline(during[index - 1] ?? NONE));
    }));
});

describe('the memo, which a list of clusters reads', () => {
  it('says that a cluster is paused, and when it is not any more', ({ expect }) =>
    fixture.withWorker(async ({ start }) => {
      // Prepare
      const cluster = await start(written());
      await cluster.healthy();
      const paused = async () => (await cluster.workflow.describe()).memo?.['paused'];
      const atFirst = await paused();

      // Act, assess
      expect(atFirst).toBeUndefined();
      await cluster.workflow.executeUpdate('pause', { args: [{}] });
      await expect.poll(paused).toBe(true);
      await cluster.workflow.executeUpdate('resume', { args: [{}] });
      await expect.poll(paused).toBe(false);
    }));
});
