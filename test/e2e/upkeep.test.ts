/** What must not run out over the years: the kubeconfig in the bucket, and the cluster's CA. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterEvent } from '#src/model/state.js';
import type { StatusView } from '#src/model/status.js';
import { openStackFixture, type StackFixture } from './fixture.js';

const NAME = 'aging';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

const handle = () => fixture.client.workflow.getHandle(`cluster/${NAME}`);
const status = () => handle().query<StatusView>('status');

/** Says of the server's certificates what a year would do to them, and lets a person ask for a look. */
async function age(troubles: Record<string, number>): Promise<void> {
  const [node] = (await status()).nodes;
  await fixture.region(`machines/${node?.instanceId}`, { method: 'POST', body: JSON.stringify(troubles) });
  await handle().signal('reconcile', { reason: 'a test' });
}

const condition = async (type: string) => (await status()).conditions.find((one) => one.type === type);
const inDays = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

describe('the kubeconfig in the bucket', () => {
  it('is stored again as soon as its server holds a certificate that lasts longer, and nothing is restarted', async () => {
    // Prepare: the first observation has told when the published one ends
    const made = await fixture.keelson('apply', '-f', fixture.document(NAME), '--wait');
    const ends = async () => (await condition('KubeconfigPublished'))?.message ?? '';
    await expect.poll(ends).toMatch(/its certificate ends on \d{4}-/);
    const before = await ends();

    // Act
    await age({ certificateDays: 800 });
    await expect.poll(ends).not.toBe(before);

    // Assess
    expect(made.code, made.stderr).toBe(0);
    expect([inDays(799), inDays(800)].some((day) => before.includes(day))).toBe(false);
    const after = await ends();
    expect(
      [inDays(799), inDays(800)].some((day) => after.includes(day)),
      after,
    ).toBe(true);
    const publishing = async () =>
      (await status()).operations.find(({ steps }) => steps.some(({ kind }) => kind === 'publish'));
    await expect.poll(async () => (await publishing())?.outcome).toBe('done');
    const stored = await publishing();
    expect(stored?.steps.map(({ kind }) => kind)).toEqual(['publish']);
    expect(stored?.reason).toMatch(/the certificate in it ends sooner than the one that the server has now/);
    expect((await fixture.keelson('kubeconfig', NAME)).stdout).toContain('client-certificate-data');
  });

  it('belongs to certificates that a restart renews before they end', async () => {
    // Act
    await age({ certificateDays: 60 });
    const started = async () =>
      (await status()).operations
        .filter(({ kind }) => kind === 'repair')
        .flatMap(({ steps }) => steps.map(({ kind }) => kind));
    await expect.poll(started).toContain('start-service');
    await expect.poll(async () => (await status()).health).toBe('Healthy');

    // Assess
    await expect.poll(async () => (await condition('CertificatesValid'))?.status).toBe('True');
  });
});

describe("the cluster's CA", () => {
  it.each([
    { days: 900, status: 'True', reason: 'EndsSoon' },
    { days: 200, status: 'False', reason: 'EndsSoon' },
    { days: 3_000, status: 'True', reason: 'Valid' },
  ])('tells its end years ahead, and what replaces it: in $days days', async (one) => {
    // Act
    await age({ authorityDays: one.days });
    const authorities = () => condition('AuthoritiesValid');
    await expect
      .poll(async () => (await authorities())?.message)
      .toMatch(new RegExp(`in (${one.days}|${one.days - 1}) days`));

    // Assess
    const { status: state, reason, hint } = (await authorities()) ?? {};
    expect([state, reason]).toEqual([one.status, one.reason]);
    expect(hint).toBe(one.reason === 'Valid' ? '' : `keelson rotate ${NAME} ca replaces it while the cluster serves`);
  });

  it('is an event, too', async () => {
    const events = await handle().query<ClusterEvent[]>('events');
    expect(events.map(({ reason }) => reason)).toContain('AuthoritiesEndSoon');
    expect(await fixture.keelson('delete', NAME, '--yes', '--wait')).toMatchObject({ code: 0 });
  });
});
