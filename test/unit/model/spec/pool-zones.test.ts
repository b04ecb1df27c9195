import { describe, expect, it } from 'vitest';
import { type AccountFacts, unfitFor } from '#src/model/spec/account.js';
import { violationText } from '#src/model/spec/violation.js';
import { pool, valid } from './sample.js';

const FACTS: AccountFacts = {
  vpcId: 'vpc-1',
  vpcCidrs: [],
  subnetZones: ['eu-west-1a', 'eu-west-1b'],
  room: null,
  typeZones: { 't3.large': ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'], 'm7i.large': ['eu-west-1b'] },
  memory: {},
  imageSizeGiB: null,
};
const toldOf = (pools: object[], facts: AccountFacts = FACTS): string[] =>
  unfitFor(valid({ pools }), facts).map(({ code, violation }) => `${code} ${violationText(violation)}`);

describe('zones of a pool', () => {
  it.each([
    ['a zone with a subnet', pool({ zones: ['eu-west-1b'] })],
    ['no zones at all', pool()],
    ['a type that one of the zones offers', pool({ zones: ['eu-west-1a', 'eu-west-1b'], instanceType: 'm7i.large' })],
  ])('are right with %s', (_, one) => {
    expect(toldOf([one])).toEqual([]);
  });

  it('are refused where one of them has no subnet, at its place in the document', () => {
    expect(toldOf([pool(), pool({ name: 'b', zones: ['eu-west-1a', 'eu-west-1c'] })])).toEqual([
      expect.stringMatching(
        /^ZoneWithoutSubnet spec\.pools\[1\]\.zones\[1\]: no subnet of the cluster is in eu-west-1c, so pool b/,
      ),
    ]);
  });

  it('are refused with a type that none of them offers, as a fallback, too', () => {
    const zones = ['eu-west-1a'];
    expect(
      toldOf([pool({ zones, instanceType: 'm7i.large' }), pool({ name: 'b', zones, fallbackTypes: ['m7i.large'] })]),
    ).toEqual([
      expect.stringMatching(/^TypeNotOffered spec\.pools\[0\]\.instanceType: m7i\.large is offered in eu-west-1b/),
      expect.stringMatching(/^TypeNotOffered spec\.pools\[1\]\.fallbackTypes\[0\]/),
    ]);
  });

  it('are not compared where the networks are in use', () => {
    expect(toldOf([pool({ zones: ['eu-west-1c'] })], { ...FACTS, subnetZones: null })).toEqual([]);
  });
});
