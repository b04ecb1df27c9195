import { describe, expect, it } from 'vitest';
import { refuseWhenOld } from '#src/activities/quorum-seen.js';

const SEEN = Date.parse('2026-11-30T06:00:00Z');

describe('a call that takes a server down', () => {
  it.each([0, 10_000, 60_000])('is made when the quorum was seen %i ms before it was asked for', (ms) => {
    expect(() => refuseWhenOld(SEEN, SEEN + ms)).not.toThrow();
  });

  it('is refused for good when that is longer ago, because no worker ran in between', () => {
    expect(() => refuseWhenOld(SEEN, SEEN + 3_600_000)).toThrow(
      expect.objectContaining({
        type: 'conflict',
        nonRetryable: true,
        message: 'the quorum was seen 3600 s before the server was to be taken down; nothing was taken down',
      }),
    );
  });

  it('is made without a gate where there was none', () => {
    expect(() => refuseWhenOld(undefined, SEEN)).not.toThrow();
  });
});
