import { describe, expect, it } from 'vitest';
import { FaultPlans, type Moment } from '../../../packages/aws-simulator/src/faults.js';

const TAGS: Record<string, Record<string, string>> = {
  'i-1': { 'keelson:slot': 'server-0' },
  'i-2': { 'keelson:slot': 'server-1' },
};

function firings(plan: unknown, moments: Moment[], point = 'call'): boolean[] {
  const plans = new FaultPlans((id) => TAGS[id]);
  plans.add(plan);
  return moments.map((moment) => plans.at(point, moment) !== undefined);
}

const call = (action: string, more: Moment = {}): Moment => ({ service: 'ec2', region: 'eu-west-1', action, ...more });

describe('fault plans', () => {
  it('fit by service, action, region and whatever else the moment tells', () => {
    const plan = {
      service: 'ec2',
      action: ['Run*', 'StopInstances'],
      region: 'eu-*',
      match: { zone: 'eu-west-1a' },
      cut: true,
    };
    const zone = { zone: 'eu-west-1a' };
    const moments = [
      call('RunInstances', zone),
      call('StopInstances', zone),
      call('StartInstances', zone),
      call('RunInstances', { zone: 'eu-west-1b' }),
      call('RunInstances'),
      { ...call('RunInstances', zone), region: 'us-east-1' },
      { ...call('RunInstances', zone), service: 's3' },
    ];
    expect(firings(plan, moments)).toEqual([true, true, false, false, false, false, false]);
  });

  it.each([
    ['nth', { nth: 2 }, [false, true, false, false]],
    ['some', { nth: [1, 4] }, [true, false, false, true]],
    ['skip', { skip: 1 }, [false, true, true, true]],
    ['times', { times: 2 }, [true, true, false, false]],
    ['skip and times', { skip: 1, times: 2 }, [false, true, true, false]],
  ])('count the fitting moments: %s', (_, when, expected) => {
    const moments = [call('A'), call('B'), call('A'), call('A'), call('A')];
    expect(firings({ action: 'A', cut: true, ...when }, moments).filter((__, index) => index !== 1)).toEqual(expected);
  });

  it('count for each instance separately when asked', () => {
    const plan = { each: 'instance', nth: 1, cut: true };
    const moments = ['i-1', 'i-1', 'i-2', 'i-2'].map((instanceId) => call('A', { instanceId }));
    expect(firings(plan, moments)).toEqual([true, false, true, false]);
  });

  it('name instances by id, by tag, and by the tags that a launch asks for', () => {
    const byTag = { tags: { 'keelson:slot': 'server-0' }, cut: true };
    const asked = call('RunInstances', { tags: { 'keelson:slot': 'server-0' } });
    const moments = [call('A', { instanceIds: ['i-2', 'i-1'] }), call('A', { instanceId: 'i-2' }), call('A'), asked];
    expect(firings(byTag, moments)).toEqual([true, false, false, true]);
    expect(firings({ instance: 'i-2', cut: true }, moments)).toEqual([true, true, false, false]);
  });

  it('fire by chance the same way for the same seed', () => {
    const plan = (seed: number) => ({ probability: 0.5, seed, cut: true });
    const moments = Array.from({ length: 64 }, () => call('A'));
    const first = firings(plan(7), moments);
    expect(firings(plan(7), moments)).toEqual(first);
    expect(firings(plan(8), moments)).not.toEqual(first);
    expect(first.filter(Boolean).length).toBeGreaterThan(16);
  });

  it('throttle what exceeds a bucket', () => {
    const moments = Array.from({ length: 5 }, () => call('A'));
    expect(firings({ bucket: { size: 3, refill: 0 } }, moments)).toEqual([false, false, false, true, true]);
  });

  it('tell what happens, and how often they fired', () => {
    // Prepare
    const plans = new FaultPlans(() => undefined);
    const error = { code: 'UnauthorizedOperation', status: 403 };
    const ids = plans.add([
      { id: 'mine', error },
      { point: 'machine.boot', effect: 'no-boot', data: { why: 'test' } },
    ]);

    // Act
    const atCall = plans.at('call', call('A'));
    const atBoot = plans.at('machine.boot', { instanceId: 'i-1' });

    // Assess
    expect(ids).toEqual(['mine', 'fault-1']);
    expect(atCall).toEqual({ plan: 'mine', error });
    expect(atBoot).toEqual({ plan: 'fault-1', effect: 'no-boot', data: { why: 'test' } });
    expect(plans.list()).toMatchObject([
      { fitted: 1, fired: 1 },
      { fitted: 1, fired: 1 },
    ]);
    plans.remove('mine');
    expect(plans.at('call', call('A'))).toBeUndefined();
  });

  it('refuse what is not a plan', () => {
    const plans = new FaultPlans(() => undefined);
    expect(() => plans.add({ acton: 'RunInstances' })).toThrow(/acton/);
    expect(() => plans.add({ nth: 0 })).toThrow();
  });
});
