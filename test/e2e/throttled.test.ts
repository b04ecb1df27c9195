import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CallEntry } from '../../packages/aws-simulator/src/record.js';
import { openStackFixture, type StackFixture } from './fixture.js';

/** The whole of it, with twenty clusters and a plot, is `npm run bench -- throttled`. */
const NAMES = Array.from({ length: 5 }, (_, index) => `slow-${index}`);

/** Refused however slowly the calls come. */
const FIRST = 2;

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture({ nodes: 'paper' });
});
afterAll(() => fixture?.close());

const isRefused = (call: CallEntry) => call.code === 'RequestLimitExceeded';

describe('clusters that are created at once in an account that is throttled hard', () => {
  it('all get there, without storming the account', async () => {
    // Prepare: a second's worth at once, and so many a second; the first ones are refused in any case.
    const error = { code: 'RequestLimitExceeded', status: 503 };
    const limit = (action: string, rate: number) => ({ service: 'ec2', action, bucket: { size: rate, refill: rate } });
    const first = { service: 'ec2', action: 'Describe*', times: FIRST, error };
    const plans = [first, limit('RunInstances', 2), limit('Describe*', 5)];
    await fixture.region('faults', { method: 'POST', body: JSON.stringify(plans) });

    // Act
    const ran = await Promise.all(
      NAMES.map((name) => fixture.keelson('apply', '-f', fixture.document(name), '--wait', '-o', 'json')),
    );

    // Assess
    expect(ran.map(({ code }) => code)).toEqual(NAMES.map(() => 0));
    const { calls } = await fixture.region<{ calls: CallEntry[] }>('record');
    const describes = calls.filter((call) => call.action.startsWith('Describe') && call.service === 'ec2');
    const launches = calls.filter((call) => call.action === 'RunInstances');
    expect(launches.filter(isRefused).length).toBeLessThanOrEqual(NAMES.length);
    const refused = describes.filter(isRefused);
    expect(refused.length).toBeGreaterThanOrEqual(FIRST);
    expect(refused.length - FIRST).toBeLessThan(3 * (describes.length - refused.length));
    expect(await fixture.region('duplicates')).toEqual([]);
  });
});
