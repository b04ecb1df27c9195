import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

const manifests = [{ name: 'app', content: 'apiVersion: v1\nkind: Namespace\nmetadata: {name: app}\n' }];
const document = (drift: string) =>
  written({ mode: 'dev', drift, k3s: { version: 'v1.34.2+k3s1', manifests }, health: { gracePeriod: '10s' } });

describe('files of a node that someone has changed by hand', () => {
  it('are put back at once where they are manifests', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(document('report'));
      await cluster.healthy();
      const jobs = fake.jobs.length;
      fake.onProbe = () => {
        const isBack = fake.jobs.slice(jobs).some(({ script }) => script === 'set-manifests');
        return { altered: isBack ? 'none' : 'manifest:app' };
      };

      // Act
      await cluster.workflow.signal('reconcile', {});
      const status = await cluster.until(
        (seen) => seen.operations.at(-1)?.steps.some(({ kind }) => kind === 'set-manifests') === true,
      );

      // Assess
      expect(status.operations.at(-1)).toMatchObject({ outcome: 'done' });
      expect(fake.jobs.slice(jobs).filter(({ script }) => script === 'service-start')).toEqual([]);
    }));

  it('are reported where they are configuration', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(document('report'));
      await cluster.healthy();
      fake.onProbe = () => ({ altered: 'config.yaml' });

      // Act
      await cluster.workflow.signal('reconcile', {});
      const status = await cluster.until((seen) => seen.health === 'Degraded');

      // Assess
      const condition = status.conditions.find(({ type }) => type === 'NodeFilesInSync');
      expect(condition).toMatchObject({ status: 'False', slots: ['server-0'] });
      expect(condition?.message).toMatch(/not as Keelson wrote it: config\.yaml/);
      expect(status.operation).toBeNull();
    }));

  it('are written again with a restart where spec.drift is repair', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(document('repair'));
      await cluster.healthy();
      const jobs = fake.jobs.length;
      const restarts = () => fake.jobs.slice(jobs).filter(({ script }) => script === 'service-start');
      fake.onProbe = () => ({ altered: restarts().length > 0 ? 'none' : 'config.yaml' });

      // Act
      await cluster.workflow.signal('reconcile', {});
      await cluster.until((seen) => restarts().length > 0 && seen.operation === null);

      // Assess
      expect(restarts().map(({ params }) => params['RESTART'])).toEqual(['true']);
    }));
});
