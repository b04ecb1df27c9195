import { describe, expect, it } from 'vitest';
import { type AccountFacts, unfitFor } from '#src/model/spec/account.js';
import { accountWarnings } from '#src/model/spec/account-warnings.js';
import { violationText } from '#src/model/spec/violation.js';
import { pool, valid } from './sample.js';

const [A, B, C] = ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'] as const;
const FACTS: AccountFacts = {
  vpcId: 'vpc-1',
  vpcCidrs: [],
  subnetZones: [A, B],
  room: { [A]: 11, [B]: 11 },
  typeZones: {},
  memory: {},
  imageSizeGiB: null,
};
const toldOf = (spec: Record<string, unknown>, launching: string[] | null = null, facts = FACTS): string[] =>
  unfitFor(valid(spec), facts, launching === null ? null : new Set(launching)).map(
    ({ code, violation }) => `${code} ${violationText(violation)}`,
  );

describe('free addresses of the subnets', () => {
  it('are enough for as many nodes, and not for one more', () => {
    expect(toldOf({ pools: [pool({ count: 19 })] })).toEqual([]);
    expect(toldOf({ pools: [pool({ count: 20 })] })).toEqual([
      expect.stringMatching(
        /^SubnetsTooSmall spec\.network\.subnetIds: the cluster needs addresses for 23 more nodes, and its subnets have 22 free: 11 in eu-west-1a, 11 in eu-west-1b \(name larger/,
      ),
    ]);
  });

  it('are those of its zones for a pool that names them', () => {
    expect(toldOf({ pools: [pool({ count: 12, zones: [A] })] })).toEqual([
      expect.stringMatching(
        /^SubnetsTooSmall spec\.pools\[0\]\.count: pool workers needs .* 12 more nodes, .* 11 free/,
      ),
    ]);
    const two = [pool({ count: 6, zones: [A] }), pool({ name: 'b', count: 6, zones: [A] })];
    expect(toldOf({ pools: two }).map((text) => text.slice(0, 38))).toEqual([
      'SubnetsTooSmall spec.pools[0].count: p',
      'SubnetsTooSmall spec.pools[1].count: p',
    ]);
  });

  it('are for nodes that are launched, not for those that have theirs', () => {
    const spec = { pools: [pool({ count: 30 })] };
    expect(toldOf(spec, ['workers-29'])).toEqual([]);
    expect(toldOf(spec, [])).toEqual([]);
  });

  it('say nothing where AWS does not tell them, or they are not compared', () => {
    expect(toldOf({ pools: [pool({ count: 100 })] }, null, { ...FACTS, room: null })).toEqual([]);
  });
});

describe('zones of the servers', () => {
  const warned = (spec: Record<string, unknown>, facts: Partial<AccountFacts>): string[] =>
    accountWarnings(valid(spec), { ...FACTS, ...facts }).map(violationText);

  it.each([
    ['two zones', {}, [A, B]],
    ['three subnets in one zone', {}, [A, A, A]],
    ['a zone that does not offer the type', {}, [A, B, C]],
    ['five servers in two zones', { servers: { count: 5, instanceType: 'm7i.large' } }, [A, B]],
  ])('are a warning where one of them takes the quorum along: %s', (_what, spec, subnetZones) => {
    const texts = warned(spec, { subnetZones, typeZones: { 't3.medium': [A, B] } });
    expect(texts).toEqual([
      expect.stringMatching(
        /^spec\.network\.subnetIds: \d of [35] servers come to eu-west-1a: without this zone the cluster has no quorum \(name/,
      ),
    ]);
  });

  it.each([
    ['three zones', {}, [A, B, C]],
    ['one server', { mode: 'dev' }, [A]],
    ['five servers in three zones', { servers: { count: 5, instanceType: 't3.medium' } }, [A, B, C]],
    ['zones that are not known', {}, null],
    // Told without the account.
    ['one subnet', { network: { subnetIds: ['subnet-0000000a'] } }, [A]],
  ])('are silent with %s', (_what, spec, subnetZones) => {
    expect(warned(spec, { subnetZones })).toEqual([]);
  });
});
