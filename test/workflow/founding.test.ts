import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

const SPEC = { mode: 'ha', servers: { instanceType: 't3.medium' } };

describe('the user data of a new cluster', () => {
  it('founds it on the first server alone, and is not kept after the launch', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Act
      const cluster = await start(written(SPEC));
      await cluster.settled('Running');

      // Assess
      const bySlot = Object.fromEntries(fake.launches.map(({ slot, userData }) => [slot, userData]));
      const founding = fake.jobs.find(({ script }) => script === 'bootstrap')?.params['FOUNDING'];
      expect(founding).toMatch(/^[0-9a-f]{16}$/);
      expect(bySlot).toEqual({ 'server-0': `H4sI${founding}`, 'server-1': '#!/bin/sh', 'server-2': '#!/bin/sh' });
    }));

  it('does not found it on a node that takes the place of one', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare: the document has changed since the first boot
      let isRefused = false;
      fake.onJob = ({ script }) => {
        if (script !== 'bootstrap' || isRefused) return null;
        isRefused = true;
        return { outcome: 'failed', exitCode: 1, result: { code: 'FoundedOtherwise' } };
      };

      // Act
      const cluster = await start(written(SPEC));
      const status = await cluster.settled('Running');

      // Assess
      const first = fake.launches.filter(({ slot }) => slot === 'server-0');
      expect(first.map(({ generation, userData }) => [generation, userData.slice(0, 4)])).toEqual([
        [1, 'H4sI'],
        [2, '#!/b'],
      ]);
      expect(status.nodes.map(({ slot, generation }) => `${slot} ${generation}`)).toEqual([
        'server-0 2',
        'server-1 1',
        'server-2 1',
      ]);
    }));
});
