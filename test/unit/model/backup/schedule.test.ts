import { describe, expect, it } from 'vitest';
import { freshUntil, nextFire } from '#src/model/backup/schedule.js';

describe('the next time of a schedule', () => {
  it.each([
    ['0 * * * *', '2026-03-01T12:00:00Z', '2026-03-01T13:00:00.000Z'],
    ['*/5 * * * *', '2026-03-01T12:59:59Z', '2026-03-01T13:00:00.000Z'],
    ['30 2 * * *', '2026-12-31T02:30:00Z', '2027-01-01T02:30:00.000Z'],
    ['0 3 * * sun', '2026-03-01T03:00:00Z', '2026-03-08T03:00:00.000Z'],
    ['0 0 29 2 *', '2026-03-01T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['15 0 1 * 1', '2026-03-01T00:15:00Z', '2026-03-02T00:15:00.000Z'],
  ])('%s after %s is %s', (schedule, after, next) => {
    expect(nextFire(schedule, after)).toBe(next);
  });

  it('is never for a day that does not exist', () => {
    expect(nextFire('0 0 30 2 *', '2026-03-01T00:00:00Z')).toBeNull();
  });

  it('counts a backup as fresh until the second one after it is late', () => {
    expect(freshUntil('0 * * * *', '2026-03-01T12:00:20Z')).toBe('2026-03-01T14:15:00.000Z');
  });
});
