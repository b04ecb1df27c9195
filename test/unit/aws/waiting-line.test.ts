import { describe, expect, test } from 'vitest';
import { WaitingLine } from '#src/aws/waiting-line.js';

/** Two turns a second: twenty wait inside. */
function lineOf(count: number) {
  let now = 0;
  const line = new WaitingLine(2, () => now);
  const answers = Array.from({ length: count }, (_, n) => line.enter(`c${n}`));
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

    const newcomer = line.enter('late');
    const back = [line.enter('c21'), line.enter('c20')];

    expect(newcomer).toBeNull();
    expect(back).toEqual([null, null]);
  });

  test('lets no newcomer in before those who are away and have no room', () => {
    const { line, at } = lineOf(60);
    at(5_000);
    for (let n = 0; n < 10; n += 1) line.leave(`c${n}`);

    expect(line.enter('late')).toEqual({ ms: 20_000, before: 50 });
    expect(line.enter('c20')).toBeNull();
    expect(line.enter('c45')).toEqual({ ms: 12_500, before: 35 });
  });

  test('forgets who does not come back', () => {
    const { line, at } = lineOf(200);
    at(10 * 60_000);
    for (let n = 0; n < 20; n += 1) line.leave(`c${n}`);

    expect(line.enter('late')).toBeNull();
  });
});
