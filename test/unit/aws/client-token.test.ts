import { describe, expect, it } from 'vitest';
import { clientTokenOf, type Place, provesOwner, provesPlace } from '#src/aws/client-token.js';

const OURS = { id: 'inst-1', key: new Uint8Array(32).fill(1) };
const PLACE: Place = { installation: 'inst-1', cluster: 'shop', uid: 'uid-1', slot: 'server-1', generation: 2 };

describe('a sealed ClientToken', () => {
  it('proves cluster and place, in the 64 characters that EC2 takes', () => {
    const token = clientTokenOf(OURS, PLACE, 'a request');
    expect(token).toMatch(/^[\w-]{64}$/);
    expect([provesOwner(token, OURS, PLACE), provesPlace(token, OURS, PLACE)]).toEqual([true, true]);
  });

  it.each<[string, Partial<Place>]>([
    ['another slot', { slot: 'server-2' }],
    ['another generation', { generation: 3 }],
  ])('proves the cluster, and not %s', (_, other) => {
    const token = clientTokenOf(OURS, PLACE, 'a request');
    const place = { ...PLACE, ...other };
    expect([provesOwner(token, OURS, place), provesPlace(token, OURS, place)]).toEqual([true, false]);
  });

  it.each<[string, Partial<Place>]>([
    ['cluster', { cluster: 'other' }],
    ['life of it', { uid: 'uid-2' }],
    ['installation', { installation: 'inst-2' }],
  ])('proves nothing to another %s', (_, other) => {
    const token = clientTokenOf(OURS, PLACE, 'a request');
    const place = { ...PLACE, ...other };
    expect([provesOwner(token, OURS, place), provesPlace(token, OURS, place)]).toEqual([false, false]);
  });

  it.each<[string, string | undefined]>([
    ['none', undefined],
    ['an empty one', ''],
    ['one of others', 'a'.repeat(64)],
    ['the seals of another request', `x${clientTokenOf(OURS, PLACE, 'a request').slice(1)}`],
    ['one by another key', clientTokenOf({ ...OURS, key: new Uint8Array(32).fill(2) }, PLACE, 'a request')],
    [
      'the seal of the place from one token and the rest from another',
      clientTokenOf(OURS, { ...PLACE, slot: 'server-2' }, 'a request').slice(0, 42) +
        clientTokenOf(OURS, PLACE, 'a request').slice(42),
    ],
  ])('is not %s', (_, token) => {
    expect(provesPlace(token, OURS, PLACE)).toBe(false);
  });

  it('differs where the request differs', () => {
    expect(clientTokenOf(OURS, PLACE, 'a request')).not.toBe(clientTokenOf(OURS, PLACE, 'another'));
  });
});
