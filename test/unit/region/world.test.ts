import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { Instance } from '../../../packages/aws-simulator/src/contract.js';
import { PROFILES } from '../../../packages/aws-simulator/src/profiles.js';
import { TokenBucket } from '../../../packages/aws-simulator/src/throttle.js';
import { LocalWorld } from '../../../packages/aws-simulator/src/world.js';

const make = (seed = 1, name: 'fast' | 'demo' = 'fast') =>
  new LocalWorld({ dir: tmpdir(), port: 1, profile: PROFILES[name], seed });

describe('the world', () => {
  it('records what it imposed, with what it waited for and for which cluster', async () => {
    // Prepare
    const world = make();
    world.instances.set('i-1', { id: 'i-1', tags: { 'keelson:uid': 'u-1' } } as unknown as Instance);

    // Act
    const first = await world.impose({ kind: 'launch', instanceId: 'i-1', ms: 3 });
    const second = await world.impose({ kind: 'boot', instanceId: 'i-1', ms: 2, after: [first.id], note: 'n' });

    // Assess
    expect(second).toMatchObject({ kind: 'boot', clusterUid: 'u-1', imposedMs: 2, after: [first.id], note: 'n' });
    expect(second.endedAt ?? 0).toBeGreaterThanOrEqual(second.startedAt);
    expect(world.lastSpan('i-1', 'launch', 'boot')).toBe(second);
    expect(world.lastSpan('i-1', 'launch')).toBe(first);
    expect(world.lastSpan('i-2', 'launch')).toBeUndefined();
  });

  it('gives up a wait when asked, and all of them when it closes', async () => {
    // Prepare
    const world = make();
    const turn = new AbortController();
    const one = world.impose({ kind: 'join', instanceId: 'i-1', ms: 60_000, signal: turn.signal });
    const other = world.impose({ kind: 'boot', instanceId: 'i-1', ms: 60_000 });

    // Act
    turn.abort();
    await expect(one).rejects.toMatchObject({ name: 'AbortError' });
    world.close();

    // Assess
    await expect(other).rejects.toMatchObject({ name: 'AbortError' });
    await expect(world.impose({ kind: 'late', ms: 1 })).rejects.toMatchObject({ name: 'AbortError' });
    expect(world.spans.all.map(({ note }) => note)).toEqual(['aborted', 'aborted', 'aborted']);
    expect(world.spans.all.every(({ imposedMs }) => imposedMs < 60_000)).toBe(true);
  });

  it('spreads latencies by the seed alone, and leaves clockwork alone', async () => {
    // Prepare
    const imposed = async (seed: number, kind: string) => {
      const world = make(seed, 'demo');
      await Promise.all([1, 2, 3].map(() => world.impose({ kind, ms: 20 })));
      return world.spans.all.map(({ imposedMs }) => imposedMs);
    };

    // Act
    const [one, same, other, steady] = await Promise.all([
      imposed(1, 'boot'),
      imposed(1, 'boot'),
      imposed(5, 'boot'),
      imposed(1, 'promote'),
    ]);

    // Assess
    expect(same).toEqual(one);
    expect(other).not.toEqual(one);
    expect([...one, ...other].every((ms) => ms >= 18 && ms <= 22)).toBe(true);
    expect(steady).toEqual([20, 20, 20]);
  });

  it('makes a latency longer when a fault plan says so', async () => {
    const world = make();
    world.faults.add({ point: 'span', match: { kind: 'boot' }, delayMs: 5 });
    const boot = await world.impose({ kind: 'boot', ms: 1 });
    const other = await world.impose({ kind: 'launch', ms: 1 });
    expect([boot.imposedMs, other.imposedMs]).toEqual([6, 1]);
  });

  it('keeps a latency until the fault plan that holds it is removed', async () => {
    const world = make();
    const [id] = world.faults.add({ point: 'span', match: { kind: 'boot' }, hold: true });
    let booted = false;
    const boot = world.impose({ kind: 'boot', ms: 0 }).then(() => {
      booted = true;
    });
    await world.impose({ kind: 'launch', ms: 5 });
    expect(booted).toBe(false);
    world.faults.remove(id);
    await boot;
    expect(booted).toBe(true);
  });

  it('ends what is held when the region closes', async () => {
    const world = make();
    world.faults.add({ point: 'span', hold: true });
    const boot = world.impose({ kind: 'boot', ms: 1 });
    await world.wait(5);
    world.close();
    await expect(boot).rejects.toThrow(/aborted/);
  });

  it('refuses to hold anything but a latency', () => {
    expect(() => make().faults.add({ action: 'RunInstances', hold: true })).toThrow(/hold.*span/);
  });
});

describe('a token bucket', () => {
  it('lets a burst through and then the refill', () => {
    let now = 0;
    const bucket = new TokenBucket(2, 1, () => now);
    expect([bucket.take(), bucket.take(), bucket.take()]).toEqual([true, true, false]);
    now = 1_500;
    expect([bucket.take(), bucket.take()]).toEqual([true, false]);
  });
});
