import { expect, test } from 'vitest';
import { type Clocks, createFenceClock } from '#src/activities/fence-clock.js';

/** A clock whose sources are what `set` says. */
function clockOf() {
  let clocks: Clocks = { monotonic: 1_000, uptime: 50_000, wall: 1_700_000_000_000 };
  const clock = createFenceClock(() => clocks);
  const pass = (by: Partial<Clocks>): number => {
    const { monotonic, uptime, wall } = clocks;
    clocks = {
      monotonic: monotonic + (by.monotonic ?? 0),
      uptime: uptime + (by.uptime ?? 0),
      wall: wall + (by.wall ?? 0),
    };
    return clock();
  };
  return { pass, begin: clock() };
}

const HOUR_MS = 3_600_000;

test.each<[string, Partial<Clocks>, number]>([
  ['passes with the machine', { monotonic: 500, uptime: 500, wall: 500 }, 500],
  ['passes while the machine sleeps', { monotonic: 500, uptime: HOUR_MS, wall: HOUR_MS }, HOUR_MS],
  [
    'passes in a sleep after which the time of day is set back',
    { monotonic: 500, uptime: HOUR_MS, wall: -HOUR_MS },
    HOUR_MS,
  ],
  [
    'passes while the whole machine is suspended, which only the time of day shows',
    { monotonic: 500, uptime: 500, wall: HOUR_MS },
    HOUR_MS,
  ],
  ['does not go back with the time of day', { monotonic: 500, uptime: 500, wall: -HOUR_MS }, 500],
])('the clock of the fence %s', (_, passed, expected) => {
  const { pass, begin } = clockOf();
  expect(pass(passed) - begin).toBe(expected);
});

test('the clock of the fence does not run faster where it is read often and the others have a coarse resolution', () => {
  const { pass, begin } = clockOf();
  for (let ms = 1; ms < 10_000; ms += 1) pass({ monotonic: 1, uptime: ms % 1_000 === 0 ? 1_000 : 0, wall: 1 });
  expect(pass({ monotonic: 1, wall: 1 }) - begin).toBe(10_000);
});
