import { describe, expect, it } from 'vitest';
import { SnapshotDigests } from '#src/activities/watch/snapshot-digests.js';

describe('snapshots of clusters', () => {
  it('tell what is new, what has changed and what is as it was, also in the next worker', () => {
    const first = new SnapshotDigests(undefined);
    const before = first.differs('shop/1', 'a');
    first.take('shop/1', 'a');
    const next = new SnapshotDigests(first.pack());
    expect(before).toBe(true);
    expect(next.differs('shop/1', 'a')).toBe(false);
    expect(next.differs('shop/1', 'b')).toBe(true);
    expect(next.differs('shop/2', 'a')).toBe(true);
  });

  it('name those that are missing, or say that they know the name as a hash only', () => {
    const first = new SnapshotDigests(undefined);
    first.take('shop/1', 'a');
    first.take('blog/1', 'a');
    expect(first.missing(['blog/1'])).toEqual(['shop/1']);
    expect(new SnapshotDigests(first.pack()).missing(['blog/1'])).toEqual([null]);
  });

  it.each([[undefined], [null], [''], [7], [{ digests: 'x' }], ['not base64!']])('begin again with %j', (packed) => {
    expect(new SnapshotDigests(packed).differs('shop/1', 'a')).toBe(true);
  });

  it('of a thousand clusters weigh 12 kB in a heartbeat, and are bounded', () => {
    const digests = new SnapshotDigests(undefined);
    for (let index = 0; index < 1_000; index += 1) digests.take(`cluster-${index}/uid`, String(index));
    expect(digests.pack().length).toBe(12_000);
    for (let index = 0; index < 10_000; index += 1) digests.take(`cluster-${index}/uid`, String(index));
    expect(digests.pack().length).toBe(60_000);
  });
});
