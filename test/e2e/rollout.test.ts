/** Changes that take agents down, as docs/how-to/change-a-cluster.md tells them: side by side, drained by force where asked, and past etcd 3.6. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Operation } from '#src/model/state.js';
import type { StatusView } from '#src/model/status.js';
import { openStackFixture, type StackFixture } from './fixture.js';

const NAME = 'rolling';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

const handle = () => fixture.client.workflow.getHandle(`cluster/${NAME}`);
const status = () => handle().query<StatusView>('status');

/** A document of one server and four agents, half of which may be away at the same time. */
const document = (version: string, { pool = {}, upgrade = {} }: { pool?: object; upgrade?: object } = {}): string =>
  fixture.document(NAME, {
    k3s: { version },
    pools: [{ name: 'workers', count: 4, instanceType: 't3.large', ...pool }],
    upgrade: { maxUnavailable: '50%', ...upgrade },
  });
const apply = (...args: Parameters<typeof document>) => fixture.keelson('apply', '-f', document(...args), '--wait');

/** From when to when each agent was away for an operation: from the begin of its first step to the end of its last. */
function awayIn({ steps }: Operation): { slot: string; from: number; to: number }[] {
  const slots = [...new Set(steps.flatMap(({ slot }) => (slot?.startsWith('workers-') ? slot : [])))];
  return slots.map((slot) => {
    const own = steps.filter((step) => step.slot === slot);
    const times = own.map(({ startedAt, endedAt }) => [Date.parse(startedAt), Date.parse(endedAt ?? '')] as const);
    return { slot, from: Math.min(...times.map(([at]) => at)), to: Math.max(...times.map(([, at]) => at)) };
  });
}

/** The most agents that were away at one time. One that comes back at the moment at which the next one goes does not count beside it. */
function mostAway(operation: Operation): number {
  const away = awayIn(operation);
  return Math.max(...away.map(({ from: at }) => away.filter(({ from, to }) => from <= at && at < to).length));
}

describe('an upgrade over the border of etcd 3.6', () => {
  it('is refused by plan and apply, with the release to go to first', async () => {
    // Prepare
    const made = await apply('v1.33.5+k3s1');
    const file = document('v1.34.2+k3s1');

    // Act
    const planned = await fixture.keelson('plan', '-f', file);
    const applied = await fixture.keelson('apply', '-f', file, '--wait');

    // Assess
    expect(made.code, made.stderr).toBe(0);
    for (const ran of [planned, applied]) {
      expect(ran.code).toBe(2);
      expect(ran.stderr).toMatch(/v1\.34\.2\+k3s1 may carry etcd 3\.6/);
      expect(ran.stderr).toContain('upgrade to v1.33.7+k3s3 first');
    }
    expect((await status()).operations.map(({ kind }) => kind)).toEqual(['create']);
  });

  it('goes by way of that release, half of the agents at the same time and never more', async () => {
    // Act
    const first = await apply('v1.33.7+k3s3');
    const then = await apply('v1.34.2+k3s1');

    // Assess
    expect([first.code, then.code], first.stderr + then.stderr).toEqual([0, 0]);
    const upgrades = (await status()).operations.filter(({ kind }) => kind === 'update');
    expect(upgrades.map(({ outcome }) => outcome)).toEqual(['done', 'done']);
    for (const upgrade of upgrades) {
      expect(awayIn(upgrade).map(({ slot }) => slot)).toHaveLength(4);
      expect(mostAway(upgrade)).toBe(2);
    }
  });
});

describe('a change of files on the nodes', () => {
  it('restarts K3s on as many agents side by side as may be away', async () => {
    // Act
    const files = [{ path: '/etc/rancher/k3s/registries.yaml', content: 'mirrors: {}\n' }];
    const changed = await apply('v1.34.2+k3s1', { pool: { node: { files } } });

    // Assess
    expect(changed.code, changed.stderr).toBe(0);
    const last = (await status()).operations.at(-1);
    if (last === undefined) throw new Error('no operation was recorded');
    expect(awayIn(last).map(({ slot }) => slot)).toHaveLength(4);
    expect(mostAway(last)).toBe(2);
  });
});

describe('a drain', () => {
  const blockedBy = async (effect: string): Promise<void> => {
    const node = `${NAME}-workers-2-g1`;
    await fixture.region('faults', {
      method: 'POST',
      body: JSON.stringify({ id: 'pod', point: 'k3s.drain', match: { node }, effect }),
    });
  };

  it.each([
    ['a pod without a controller', 'bare-pod', 'DrainNeedsForce', 'default/bare-0', 'v1.34.10+k3s1'],
    ['a pod with an emptyDir volume', 'empty-dir', 'DrainNeedsEmptyDir', 'default/cache-0', 'v1.35.0+k3s1'],
  ])('that meets %s names it, and goes on where the document allows that', async (_, effect, code, pod, version) => {
    // Prepare
    await blockedBy(effect);
    const careful = { drain: { force: false, deleteEmptyDir: false } };

    // Act: it is told while it is tried again
    const asked = await fixture.keelson('apply', '-f', document(version, { upgrade: careful }));
    await expect.poll(async () => (await status()).lastError?.code).toBe(code);
    const explained = await fixture.keelson('explain', NAME);
    const allowed = await apply(version, { upgrade: { drain: { force: true, deleteEmptyDir: true } } });
    await fixture.region('faults/pod', { method: 'DELETE' });

    // Assess
    expect(asked.code, asked.stderr).toBe(0);
    expect(explained.stdout).toContain(pod);
    expect(explained.stdout).toMatch(/set spec\.upgrade\.drain\.(force|deleteEmptyDir)/);
    expect(allowed.code, allowed.stderr).toBe(0);
    const { nodes, health } = await status();
    expect(health).not.toBe('Unhealthy');
    expect(nodes.map(({ k3s }) => k3s)).toEqual(Array.from({ length: 5 }, () => version));
  });

  it('leaves nothing behind when the cluster is deleted', async () => {
    expect(await fixture.keelson('delete', NAME, '--yes', '--wait')).toMatchObject({ code: 0 });
    expect(await fixture.region(`leftovers?cluster=${NAME}`)).toMatchObject({ total: 0 });
    expect(await fixture.region('duplicates')).toEqual([]);
  });
});
