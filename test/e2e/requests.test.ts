import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { documentOf, openStackFixture, type StackFixture } from './fixture.js';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture({ nodes: 'paper' });
  const made = await fixture.keelson('apply', '-f', fixture.document('asked'), '--wait');
  expect(made).toMatchObject({ code: 0 });
});
afterAll(() => fixture?.close());

interface Shown {
  phase: string;
  specGeneration: number;
  lastError: { code: string } | null;
  operations: { kind: string; outcome: string }[];
}
const status = async (name: string): Promise<Shown> =>
  JSON.parse((await fixture.keelson('status', name, '-o', 'json')).stdout);
const events = async (name: string): Promise<{ reason: string; message: string }[]> =>
  JSON.parse((await fixture.keelson('events', name, '-o', 'json')).stdout).items;
const accepted = async (name: string, text: string) =>
  (await events(name)).filter(({ reason, message }) => reason === 'RequestAccepted' && message.startsWith(text));
const fault = (plan: unknown) => fixture.region('faults', { method: 'POST', body: JSON.stringify(plan) });

describe('a command that AWS refuses once', () => {
  // None of these calls is the worker's: a quiet cluster's document was stored before, and its kubeconfig is read by people alone.
  it.each([
    ['HeadBucket', 503, 'apply'],
    ['PutObject', 503, 'apply'],
    ['PutObject', 500, 'apply'],
    ['GetObject', 503, 'kubeconfig'],
  ])('goes on after one %s answered with %i to %s', async (action, httpStatus, verb) => {
    // Prepare
    const code = httpStatus === 503 ? 'SlowDown' : 'InternalError';
    await fault({ id: 'once', service: 's3', action, times: 1, error: { code, status: httpStatus } });

    // Act
    const ran = await (verb === 'apply'
      ? fixture.keelson('apply', '-f', fixture.document('asked'))
      : fixture.keelson('kubeconfig', 'asked'));

    // Assess
    const [once] = (await fixture.region<{ fired: number }[]>('faults')).slice(-1);
    await fixture.region('faults/once', { method: 'DELETE' });
    expect(once).toMatchObject({ id: 'once', fired: 1 });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a K3s version that the mirror has not', () => {
  const unreleased = { k3s: { version: 'v1.35.1+k3s1' } };

  it.each(['plan', 'apply'])('is refused by %s with its place, before anything is stored', async (verb) => {
    // Prepare
    const before = await status('asked');

    // Act
    const ran = await fixture.keelson(verb, '-f', fixture.document('asked', unreleased));

    // Assess
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(/asked\.yaml:\d+:\d+: spec\.k3s\.version: the mirror \S+ has no v1\.35\.1\+k3s1/);
    expect(await status('asked')).toMatchObject({ specGeneration: before.specGeneration });
  });

  it('does not keep a cluster that heard of it by signal from the version that it runs', async () => {
    // Prepare
    const document = documentOf('asked', unreleased);
    const input = JSON.stringify({ document });
    const sent = await fixture.temporal(
      ...['workflow', 'signal', '--workflow-id', 'cluster/asked', '--name', 'apply', '--input', input],
    );
    expect(sent).toMatchObject({ code: 0 });
    await expect.poll(async () => (await status('asked')).lastError?.code).toBe('VersionNotFound');

    // Act
    const back = await fixture.keelson('apply', '-f', fixture.document('asked'), '--wait');

    // Assess
    expect(back).toMatchObject({ code: 0 });
    expect(await status('asked')).toMatchObject({ phase: 'Running', lastError: null });
  });
});

describe('a request while no worker runs', () => {
  it('is stored, said so, and can be taken back', async () => {
    // Prepare
    await fixture.stack.worker().stop();

    // Act
    const asked = await fixture.keelson('delete', 'asked', '--yes');
    const withdrawn = await fixture.keelson('withdraw', 'asked');
    await fixture.stack.startWorker();
    await expect.poll(() => accepted('asked', 'withdraw by')).toHaveLength(1);

    // Assess
    expect(asked).toMatchObject({ code: 6, stdout: '' });
    expect(asked.stderr).toMatch(/delete asked is stored in Temporal/);
    expect(asked.stderr).toMatch(/keelson withdraw asked/);
    expect(withdrawn).toMatchObject({ code: 6 });
    expect(await status('asked')).toMatchObject({ phase: 'Running' });
    const { operations } = await status('asked');
    expect(operations.filter(({ kind }) => kind === 'delete')).toEqual([]);
    expect((await fixture.keelson('withdraw', 'asked')).code).toBe(4);
  });

  it('is carried out once by the next worker', async () => {
    // Prepare
    await fixture.stack.worker().stop();

    // Act
    const asked = await fixture.keelson('stop', 'asked');
    await fixture.stack.startWorker();
    const settled = await fixture.keelson('stop', 'asked', '--wait');

    // Assess
    expect(asked).toMatchObject({ code: 6 });
    expect(settled).toMatchObject({ code: 0 });
    const { phase, operations } = await status('asked');
    expect(phase).toBe('Stopped');
    expect(operations.filter(({ kind }) => kind === 'stop')).toHaveLength(1);
    expect(await accepted('asked', 'stop by')).toHaveLength(1);
  });
});
