import { Context } from '@temporalio/activity';
import { afterAll, beforeAll, describe, it } from 'vitest';
import type { StatusInput } from '#src/activities/api.js';
import type { StatusView } from '#src/model/status.js';
import { PATIENCE_MS } from '../support/patience.js';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';
import { holdAt } from './support/hold-at.js';

/** Longer than a write may last: none ends because of the time, but as one that has failed. [workflows/lib/activities.ts: note] */
const FOLD_MS = PATIENCE_MS;

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
      // Prepare: each write keeps the next one waiting until it is released, and the last step waits for the test
      const begun: StatusView[] = [];
      const released: number[] = [];
      const during = () => begun.filter(({ operation }) => operation !== null);
      const verify = holdAt(fake, (_, { script }) => script === 'verify');
      const stand = fake.before;
      fake.before = async (name, input) => {
        await stand(name, input);
        if (name !== 'writeStatus') return;
        const context = Context.current();
        const { status, write } = input as StatusInput & { status: StatusView };
        if (context.info.attempt === 1) begun.push(status);
        if (status.operation === null) return;
        const runId = context.info.workflowExecution?.runId ?? '';
        await fake.holds.hold(runId, write, () => context.sleep(FOLD_MS));
        released.push(write);
      };

      // Act
      const cluster = await start(written());
      await expect
        .poll(() => begun.at(-1)?.phase, { message: 'the phase while the last step is under way' })
        .toBe('Configuring');
      // And perhaps itself, for what has changed since.
      const before = during().length - 1;
      expect(released.length, 'the writes before it have ended for the next one').toBeGreaterThanOrEqual(before);
      verify.open();
      const status = await cluster.healthy();
      await expect.poll(() => begun.at(-1)?.health).toBe('Healthy');

      // Assess
      expect(status.operations[0]?.steps.length).toBeGreaterThan(10);
      const writes = during();
      expect(writes.length).toBeLessThan(8);
      expect(released).toHaveLength(writes.length);
      for (const [index, one] of writes.entries()) expect(outline(one)).not.toBe(outline(writes[index - 1] ?? NONE));
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
