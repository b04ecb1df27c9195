import { describe, expect, it } from 'vitest';
import { upkeepTime } from '#src/model/health/window.js';
import { cronFields, cronProblem, firesInHour } from '#src/model/spec/cron.js';
import { documentOf } from '../plan/documents.js';

function open(window: { start: string; duration: string; timezone: string } | undefined, now: string) {
  const document = documentOf();
  return upkeepTime(
    { ...document, spec: { ...document.spec, upgrade: { ...document.spec.upgrade, ...(window && { window }) } } },
    now,
  );
}

describe('the window for upkeep', () => {
  const saturdays = { start: '30 2 * * 6', duration: '4h', timezone: 'Europe/Berlin' };

  it('is always open where there is none', () => {
    expect(open(undefined, '2026-01-01T00:00:00Z')).toEqual({ open: true, opensAt: null });
  });

  it.each([
    // 2026-01-03 is a Saturday; Berlin is an hour ahead in winter and two in summer.
    ['2026-01-03T01:29:59Z', false, '2026-01-03T01:30:00.000Z'],
    ['2026-01-03T01:30:00Z', true, null],
    ['2026-01-03T05:29:59Z', true, null],
    ['2026-01-03T05:30:00Z', false, '2026-01-10T01:30:00.000Z'],
    ['2026-07-04T00:30:00Z', true, null],
    ['2026-07-04T04:30:00Z', false, '2026-07-11T00:30:00.000Z'],
  ])('at %s', (now, isOpen, opensAt) => expect(open(saturdays, now)).toEqual({ open: isOpen, opensAt }));

  it('reports no opening that is further away than a month', () => {
    const yearly = { start: '0 0 1 6 *', duration: '1h', timezone: 'UTC' };
    expect(open(yearly, '2026-01-01T00:00:00Z')).toEqual({ open: false, opensAt: null });
  });
});

describe('cron', () => {
  it.each([
    ['*/15', 0, [0, 15, 30, 45]],
    ['5-7,59', 0, [5, 6, 7, 59]],
    ['50/5', 0, [50, 55]],
    ['mon-wed', 4, [1, 2, 3]],
    ['7', 4, [0]],
    ['jan,DEC', 3, [1, 12]],
  ])('understands %s', (part, index, values) => {
    const parts = ['*', '*', '*', '*', '*'];
    parts[index] = part;
    expect(cronProblem(parts.join(' '))).toBeNull();
    expect([...(cronFields(parts.join(' '))[index] ?? [])].sort((a, b) => a - b)).toEqual(values);
  });

  it('takes either of two days, as cron does', () => {
    const at = { minute: 0, hour: 1, month: 1 };
    const fires = (expression: string, day: number, weekday: number) =>
      firesInHour(expression, cronFields(expression), { ...at, day, weekday });
    expect(fires('0 1 13 * 5', 13, 1)).toBe(true);
    expect(fires('0 1 13 * 5', 1, 5)).toBe(true);
    expect(fires('0 1 13 * *', 1, 5)).toBe(false);
    expect(fires('0 1 * * 5', 13, 1)).toBe(false);
    expect(fires('0 2 * * *', 13, 1)).toBe(false);
  });
});
