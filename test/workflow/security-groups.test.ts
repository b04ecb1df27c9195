import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rulesDigest } from '#src/model/security-groups/keys.js';
import { type FakeActivities, failed } from './fake-activities.js';
import { type Handle, openWorkflowFixture, type WorkflowFixture, written } from './fixture.js';
import { type Gate, holdAt } from './support/hold-at.js';

let fixture: WorkflowFixture;
beforeAll(async () => {
  fixture = await openWorkflowFixture();
});
afterAll(() => fixture.close());

const open = (...apiCidrs: string[]) => written({ mode: 'dev', access: { apiCidrs } });
const REFUSAL = failed({ code: 'RulesPerSecurityGroupLimitExceeded', class: 'quota', message: 'full', hint: 'ask' });
const WORLD = '6443/tcp from 0.0.0.0/0';
const OFFICE = '6443/tcp from 203.0.113.0/24';

/** What the region watch sees: the instances as they are, and the rules of the groups. */
async function tellGroups(fake: FakeActivities, cluster: Handle): Promise<void> {
  const seen = [...fake.instances.values()].map(({ id, state, type }) => ({ id, state, type }));
  const groups = Object.fromEntries([...fake.groups].map(([id, rules]) => [id, rulesDigest(rules)]));
  const { uid } = await cluster.status();
  await cluster.workflow.signal('reconcile', { reason: 'test', regionReport: { uid, whole: true, seen, groups } });
}

const serverRules = (fake: FakeActivities): readonly string[] => fake.groups.get('sg-server') ?? [];
const told = async (cluster: Handle, reason: string) =>
  (await cluster.events()).filter((event) => event.reason === reason).map(({ message }) => message);

/** AWS refuses the change of a document, and nothing is under way any more. */
async function refused(fake: FakeActivities, cluster: Handle): Promise<void> {
  fake.before = async (name) => {
    if (name === 'ensureSecurityGroups') throw REFUSAL;
  };
  await cluster.workflow.signal('apply', { document: open('203.0.113.0/24') });
  await cluster.until((seen) => seen.operations.at(-1)?.kind === 'update' && seen.operation === null);
  await cluster.waitsFor();
}

/** Someone has helped and says so, before what stands at the gate comes to its end. */
async function retryBefore(gate: Gate, fake: FakeActivities, cluster: Handle): Promise<void> {
  await cluster.workflow.signal('retry', {});
  // The answer to a query comes behind the signal.
  await cluster.status();
  fake.before = async () => undefined;
  gate.open();
  await cluster.waitsFor();
}

describe('the security groups of a cluster that runs', () => {
  it('follow the document without a step on any node', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(open('0.0.0.0/0'));
      await cluster.healthy();
      const jobs = fake.jobs.length;

      // Act
      await cluster.workflow.signal('apply', { document: open('203.0.113.0/24') });
      const status = await cluster.until(
        (seen) => seen.operations.at(-1)?.kind === 'update' && seen.operation === null,
      );

      // Assess
      expect(serverRules(fake)).toContain(OFFICE);
      expect(serverRules(fake)).not.toContain(WORLD);
      expect(status.operations.at(-1)).toMatchObject({ outcome: 'done', steps: [{ id: 'security-group' }] });
      expect(fake.jobs.length).toBe(jobs);
      expect(await told(cluster, 'GroupRulesChanged')).toEqual([`servers: open ${OFFICE}, close ${WORLD}`]);
    }));

  it('are set again when someone has changed them by hand, and that is reported by name', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(open('203.0.113.0/24'));
      await cluster.settled('Running');
      const asked = serverRules(fake);

      // Act
      fake.groups.set('sg-server', [...asked.filter((key) => key !== OFFICE), WORLD]);
      await tellGroups(fake, cluster);
      const status = await cluster.until(
        (seen) => seen.operations.at(-1)?.kind === 'repair' && seen.operation === null,
      );

      // Assess
      expect(serverRules(fake)).toEqual(asked);
      expect(status.operations.at(-1)).toMatchObject({ outcome: 'done', requestedBy: 'Keelson' });
      expect(await told(cluster, 'GroupRulesChanged')).toEqual([
        `rules were changed by hand, and are set again: servers: open ${OFFICE}, close ${WORLD}`,
      ]);
    }));

  it('that are as the cluster has left them wake no one', () =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(open('203.0.113.0/24'));
      await cluster.healthy();
      const calls = fake.calls.length;

      await tellGroups(fake, cluster);
      // The answer to a query comes behind the signal.
      await cluster.status();

      expect(await told(cluster, 'ReconcileRequested')).toEqual([]);
      expect(fake.calls.slice(calls)).not.toContain('observeSecurityGroups');
    }));

  it('are compared by an observation that someone asks for', () =>
    fixture.withWorker(async ({ fake, start }) => {
      const cluster = await start(open());
      await cluster.settled('Running');
      fake.groups.set('sg-server', [...(fake.groups.get('sg-server') ?? []), '22/tcp from 0.0.0.0/0']);

      await cluster.workflow.signal('reconcile', { reason: 'a person' });
      await cluster.until((seen) => seen.operations.at(-1)?.kind === 'repair' && seen.operation === null);

      expect(fake.groups.get('sg-server')).not.toContain('22/tcp from 0.0.0.0/0');
    }));

  it('that AWS refuses fail the change once, and hold up nothing else', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(open());
      await cluster.settled('Running');
      fake.before = async (name) => {
        if (name === 'ensureSecurityGroups') throw REFUSAL;
      };

      // Act
      await cluster.workflow.signal('apply', { document: open('203.0.113.0/24') });
      const refused = await cluster.until(
        (seen) => seen.operations.at(-1)?.kind === 'update' && seen.operation === null,
      );
      fake.before = async () => undefined;
      await cluster.workflow.signal('retry', {});
      const retried = await cluster.until((seen) => seen.operations.length > refused.operations.length);

      // Assess
      const condition = refused.conditions.find(({ type }) => type === 'GroupRulesInSync');
      expect(refused.operations.at(-1)).toMatchObject({ kind: 'update', outcome: 'failed' });
      expect(condition).toMatchObject({ status: 'False', reason: 'Refused' });
      expect(fake.calls.filter((name) => name === 'ensureSecurityGroups')).toHaveLength(3);
      expect(retried.operations.at(-1)).toMatchObject({ outcome: 'done' });
      expect(serverRules(fake)).toContain(OFFICE);
    }));

  it('that AWS refuses are set by a retry, although an observation that began before it ends after it', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(open());
      await cluster.settled('Running');
      await refused(fake, cluster);
      const gate = holdAt(fake, (name) => name === 'observeSecurityGroups');
      await cluster.workflow.signal('reconcile', { reason: 'a person' });
      await gate.reached;

      // Act
      await retryBefore(gate, fake, cluster);

      // Assess
      expect((await cluster.status()).operations.at(-1)).toMatchObject({ outcome: 'done' });
      expect(serverRules(fake)).toContain(OFFICE);
    }));

  it('that AWS refuses are set by a retry, although a try that began before it is refused after it', () =>
    fixture.withWorker(async ({ fake, start }) => {
      // Prepare
      const cluster = await start(open());
      await cluster.settled('Running');
      const gate = holdAt(fake, (name) => name === 'ensureSecurityGroups', REFUSAL);
      await cluster.workflow.signal('apply', { document: open('203.0.113.0/24') });
      await gate.reached;

      // Act
      await retryBefore(gate, fake, cluster);

      // Assess
      expect((await cluster.status()).operations.at(-1)).toMatchObject({ outcome: 'done' });
      expect(serverRules(fake)).toContain(OFFICE);
    }));
});
