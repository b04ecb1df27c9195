import { describe, expect, test } from 'vitest';
import { WaitingLine } from '#src/aws/waiting-line.js';

/** Two turns a second: twenty wait inside. */
function lineOf(count: number) {
  let now = 0;
  const line = new WaitingLine(2, () => now);
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
});
