/** A node that reports another key than the one that Keelson has recorded: its disk was replaced, or someone answers in its place. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunOnNodesInput } from '#src/activities/api.js';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

/** A change that makes server-0 store the kubeconfig again, for which it gets a URL. */
const RENAMED = { access: { apiHostname: 'k3s.example' } };

describe('a node whose key has changed', () => {
  it('gets nothing: the operation waits for a person, and only the first key is ever used', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const asked: RunOnNodesInput[] = [];
      let isForeign = false;
      fake.onJob = (input) => {
        if (Object.keys(input.presign).length === 0) return null;
        asked.push(input);
        if (isForeign) return { result: { code: 'NodeKeyChanged' }, key: 'SECOND' };
        return null;
      };
      fake.onKey = ({ presign, keys }) => (Object.keys(presign).length > 0 && keys === undefined ? 'FIRST' : undefined);
      const cluster = await start(written());
      await cluster.settled('Running');
      isForeign = true;
      asked.length = 0;

      // Act
      await cluster.workflow.signal('apply', { document: written(RENAMED) });
      const blocked = await cluster.until((one) => one.lastError?.code === 'NodeKeyChanged' && one.waiting !== null);
      const tries = asked.length;
      isForeign = false;
      await cluster.workflow.signal('retry');
      const mended = await cluster.until((one) => one.operation === null && one.lastError === null);

      // Assess
      expect(blocked.lastError).toMatchObject({ class: 'auth', hint: expect.stringContaining('replace the node') });
      expect(tries).toBe(1);
      expect(mended.phase).toBe('Running');
      for (const { keys } of asked) expect(Object.values(keys ?? {})).toEqual(['FIRST']);
      expect(asked.length).toBeGreaterThan(1);
    }));
});
