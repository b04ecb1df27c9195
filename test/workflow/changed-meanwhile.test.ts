import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FakeActivities } from './fake-activities.js';
import { type Handle, openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';
import { holdAt } from './support/hold-at.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

const manifest = (name: string) => ({ name, content: `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n` });
const document = (tier: string, version = 'v1.34.2+k3s1') =>
  written({
    mode: 'dev',
    pools: [{ name: 'workers', count: 1, instanceType: 't3.large', labels: { tier } }],
    k3s: { version, manifests: [manifest(tier)] },
  });

/** Both nodes of the cluster are being started, and get no further. */
async function starting(fake: FakeActivities, start: (document: unknown) => Promise<Handle>) {
  const { open } = holdAt(fake, (_, { script }) => script === 'bootstrap' || script === 'join');
  const cluster = await start(document('old'));
  await cluster.waitsFor('runOnNodes', 'runOnNodes');
  return { open, cluster };
}

describe('a document that is applied while a node is started with the one before', () => {
  it('is carried out: its labels and its manifests reach the node, and the old manifest is deleted', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const { open, cluster } = await starting(fake, start);

      // Act
      await cluster.workflow.signal('apply', { document: document('new') });
      await cluster.status();
      open();
      await cluster.settled('Running');

      // Assess
      const jobs = fake.jobs.map(({ script, params }) => ({ script, ...params }));
      expect(jobs).toContainEqual(
        expect.objectContaining({ script: 'label-nodes', NODE_LABELS: expect.stringContaining('label tier=new') }),
      );
      expect(jobs).toContainEqual(expect.objectContaining({ script: 'set-manifests' }));
      expect(jobs).toContainEqual(expect.objectContaining({ script: 'delete-manifests', MANIFESTS_GONE: 'old' }));
    }));

  it('may be taken back: its version was never installed', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const { open, cluster } = await starting(fake, start);
      await cluster.workflow.signal('apply', { document: document('old', 'v1.35.1+k3s1') });
      await cluster.workflow.signal('pause', {});
      await cluster.status();
      open();
      await cluster.waitsFor();

      // Act
      await cluster.workflow.executeUpdate('apply', { args: [{ document: document('old') }] });

      // Assess
      await cluster.settled('Running');
      expect(fake.jobs.flatMap(({ params }) => params['K3S_VERSION'] ?? [])).not.toContain('v1.35.1+k3s1');
    }));
});
