import { beforeEach, describe, expect, it } from 'vitest';
import { AccountAnswers, type Ask, type Keep } from '#src/aws/account/questions.js';

const MINUTE = 60_000;

let now: number;
let asked: string[];
let answers: AccountAnswers;

beforeEach(() => {
  now = 0;
  asked = [];
  answers = new AccountAnswers(() => now);
});

/** Asks one question of the account, which counts the times. */
const answered =
  (question: string, keep: Keep = 'person', serves?: (answer: number) => boolean) =>
  (ask: Ask): Promise<number> =>
    ask([question], keep, async () => asked.push(question), serves);

describe('what an account has answered', () => {
  it.each([
    ['person', 4 * MINUTE, 6 * MINUTE],
    ['aws', 59 * MINUTE, 61 * MINUTE],
  ] as const)('serves later clusters for a time: %s', async (keep, soon, late) => {
    await answers.conclude(false, answered('it', keep));

    now = soon;
    await answers.conclude(false, answered('it', keep));
    expect(asked).toHaveLength(1);
    now = late;
    await answers.conclude(false, answered('it', keep));
    expect(asked).toHaveLength(2);
  });

  it('is asked again by one who knows that it was wrong, and serves the others from then on', async () => {
    await answers.conclude(false, answered('it'));

    now = 4 * MINUTE;
    await answers.conclude(true, answered('it'));
    now = 8 * MINUTE;
    const answer = await answers.conclude(false, answered('it'));

    expect(answer).toBe(2);
  });

  it('serves no one when it says nothing', async () => {
    const vague = answered('mirror', 'person', () => false);

    await answers.conclude(false, vague);
    await answers.conclude(false, vague);

    expect(asked).toHaveLength(2);
  });
});

describe('an error that is concluded', () => {
  const refusesFirst = async (ask: Ask): Promise<number> => {
    const answer = await answered('subnets')(ask);
    if (answer === 1) throw new Error('too small');
    return answer;
  };

  it('from an earlier answer is no error before the account has said so again', async () => {
    // Prepare: fine for another cluster
    await answers.conclude(false, answered('subnets'));

    // Act
    now = MINUTE;
    const answer = await answers.conclude(false, refusesFirst);

    // Assess
    expect(answer).toBe(2);
  });

  it('from what was just asked is told at once', async () => {
    await expect(answers.conclude(false, refusesFirst)).rejects.toThrow('too small');

    expect(asked).toHaveLength(1);
  });
});
