/** Messages of the queue, from anyone who may write to it: whatever they hold, reading them asks AWS for nothing odd. What they cost is in test/unit/trust/cost.test.ts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseEvent } from '#src/events/parse.js';

const instance = (over: object = {}, detail: object = {}) => ({
  source: 'aws.ec2',
  account: '111111111111',
  region: 'eu-west-1',
  ...over,
  detail: { 'instance-id': 'i-0123456789abcdef0', state: 'stopped', ...detail },
});
const object = (key: unknown, name: unknown = 'ops') => ({
  source: 'aws.s3',
  'detail-type': 'Object Created',
  detail: { bucket: { name }, object: { key } },
});

/** Values that a field may have in a forged event. */
const odd = fc.oneof(
  fc.anything(),
  fc.constantFrom(
    'x'.repeat(100_000),
    '../..',
    'i-',
    'i-0123\n',
    '169.254.169.254',
    'eu-west-1.evil.example/',
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 500 }),
);

describe('a message of the queue', () => {
  it('reports what real events tell', () => {
    expect(parseEvent(JSON.stringify(instance()))).toMatchObject({ kind: 'instance', region: 'eu-west-1' });
    expect(parseEvent(JSON.stringify(instance({ region: 'us-gov-west-1' })))).not.toBeNull();
    expect(parseEvent(JSON.stringify(object('clusters/shop/config.yaml')))).toEqual({
      kind: 'config',
      bucket: 'ops',
      cluster: 'shop',
    });
  });

  it.each([
    ['an id that is a text', instance({}, { 'instance-id': 'x'.repeat(200_000) })],
    ['an id with a line feed', instance({}, { 'instance-id': 'i-0123456789abcdef0\n' })],
    ['a region that is a host', instance({ region: 'eu-west-1.evil.example/' })],
    ['a region that is a text', instance({ region: 'x'.repeat(200_000) })],
    ['a cluster that no document may have', object(`clusters/${'x'.repeat(900)}/config.yaml`)],
    ['a cluster with a space', object('clusters/a b/config.yaml')],
    ['a bucket that is a text', object('clusters/shop/config.yaml', 'b'.repeat(1_000))],
  ])('with %s is no event', (_, message) => {
    expect(parseEvent(JSON.stringify(message))).toBeNull();
  });

  it('asks for nothing but instances, regions and clusters that there may be', () => {
    const forged = fc.oneof(
      fc.tuple(odd, odd, odd).map(([region, id, state]) => instance({ region }, { 'instance-id': id, state })),
      fc.tuple(odd, odd).map(([key, name]) => object(key, name)),
      odd,
    );
    fc.assert(
      fc.property(forged, (message) => {
        const event = parseEvent(JSON.stringify(message) ?? '');
        if (event?.kind === 'instance')
          expect(`${event.instanceId} ${event.region}`).toMatch(/^i-[0-9a-f]+ [a-z0-9-]{6,30}$/);
        if (event?.kind === 'config') expect(event.cluster).toMatch(/^[a-z0-9-]{1,40}$/);
      }),
      { numRuns: 500 },
    );
  });
});
