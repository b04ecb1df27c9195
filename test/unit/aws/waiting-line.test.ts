import { describe, expect, test } from 'vitest';
import { WaitingLine } from '#src/aws/waiting-line.js';

/** Two turns a second: twenty wait inside. */
function lineOf(count: number) {
  let now = 0;
  const line = new WaitingLine(2, undefined, () => now);
  const answers = Array.from({ length: count }, (_, n) => line.enter(`c${n}`, n));
  return {
    line,
    answers,
    at: (ms: number) => {
      now = ms;
    },
  };
}

describe('the line before a bucket of AWS', () => {
  test('lets as many wait in the worker as have their turn within ten seconds, and sends others away until shortly before theirs', () => {
    const { answers } = lineOf(120);

    expect(answers.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => null));
    expect(answers[20]).toEqual({ ms: 5_000, before: 20 });
    expect(answers[119]).toEqual({ ms: 54_500, before: 119 });
  });

  test('keeps the place of those who come back, however late others come', () => {
    const { line, at } = lineOf(22);
    at(5_000);
    for (let n = 0; n < 10; n += 1) line.leave(`c${n}`);

    const newcomer = line.enter('late', 1_000);
    const back = [line.enter('c21', 21), line.enter('c20', 20)];

    expect(newcomer).toBeNull();
    expect(back).toEqual([null, null]);
  });

  test('lets no newcomer in before those who are away and have no room', () => {
    const { line, at } = lineOf(60);
    at(5_000);
    for (let n = 0; n < 10; n += 1) line.leave(`c${n}`);

    expect(line.enter('late', 1_000)).toEqual({ ms: 20_000, before: 50 });
    expect(line.enter('c20', 20)).toBeNull();
    expect(line.enter('c45', 45)).toEqual({ ms: 12_500, before: 35 });
  });

  test('puts who waits longer before those who came sooner', () => {
    const { line } = lineOf(60);

    const early = line.enter('early', 24);
    const like = line.enter('like', 24);

    // Twenty are inside, and c20 to c24 have waited as long.
    expect(early).toEqual({ ms: 7_500, before: 25 });
    expect(like).toEqual({ ms: 8_000, before: 26 });
  });

  test('forgets who does not come back', () => {
    const { line, at } = lineOf(200);
    at(10 * 60_000);
    for (let n = 0; n < 20; n += 1) line.leave(`c${n}`);

    expect(line.enter('late', 1_000)).toBeNull();
  });

  /** Two turns a second, behind `repairs` of which nine go before each other one. */
  function behind(repairs: number) {
    const storm = { left: repairs };
    const line = new WaitingLine(
      2,
      { waiting: () => storm.left, inARow: 9 },
      () => 0,
      () => 0,
    );
    return { storm, line };
  }

  test('sends away who has repairs before it, for no longer behind them than half a minute: they may be over sooner', () => {
    const { line } = behind(400);

    const answers = Array.from({ length: 103 }, (_, n) => line.enter(`c${n}`, n));

    expect(answers.slice(0, 2)).toEqual([null, null]);
    // Its turn comes in 14.5 s.
    expect(answers[2]).toEqual({ ms: 9_500, before: 29 });
    expect(answers[20]).toEqual({ ms: 30_000, before: 209 });
    // Without any repair its turn would come in 51 s, so it comes back no later than without them.
    expect(answers[102]).toEqual({ ms: 46_000, before: 502 });
  });

  test('sends away who waits here when repairs come, and keeps its place', () => {
    const { line, storm } = behind(0);
    const here = Array.from({ length: 20 }, (_, n) => line.enter(`c${n}`, n));

    storm.left = 400;
    const again = [line.enter('c0', 0), line.enter('c1', 1), line.enter('c19', 19), line.enter('c18', 18)];
    storm.left = 0;
    const back = line.enter('c19', 19);

    expect(here).toEqual(Array.from({ length: 20 }, () => null));
    expect(again).toEqual([null, null, { ms: 30_000, before: 199 }, { ms: 30_000, before: 189 }]);
    expect(back).toBeNull();
  });
});
