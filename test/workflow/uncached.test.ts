import { afterAll, beforeAll, describe, it } from 'vitest';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

describe('an update that comes after the worker has lost the workflow from its cache', () => {
  it('replays, also when the workflow task before it has sent no command', () =>
    fixture.withWorker(
      async ({ fake, start, replay }) => {
        // Prepare: the last status write is done, and the observation that follows the creation does not end.
        const [observation, write] = [held(), held()];
        fake.before = async (name, input: { status?: { phase: string } }) => {
          if (name === 'observeInstances') await observation.released;
          if (name === 'writeStatus' && input.status?.phase === 'Running') await write.released;
        };
        try {
          const cluster = await start(written());
          await cluster.waitsFor('observeInstances', 'writeStatus');
          write.release();
          await cluster.waitsFor('observeInstances');

          // Act
          const k3s = { version: 'v1.34.2+k3s1', config: { disable: ['servicelb'] } };
          await cluster.workflow.executeUpdate('apply', { args: [{ document: written({ k3s }) }] });

          // Assess
          await replay(cluster);
        } finally {
          observation.release();
        }
      },
      { maxCachedWorkflows: 0 },
    ));
});

function held(): { released: Promise<void>; release: () => void } {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { released, release };
}
