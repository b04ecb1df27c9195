import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SUBJECTS } from '#src/model/observation-failure.js';
import { afterRound, type Blindness, type Round, SEES_ALL } from '#src/model/watch/blindness.js';

const AT = Date.parse('2026-11-29T00:00:00Z');
const at = (seconds: number) => new Date(AT + seconds * 1_000).toISOString();
const note = (errorClass: 'auth' | 'throttled', message = 'no') => ({
  code: errorClass === 'auth' ? 'UnauthorizedOperation' : 'RequestLimitExceeded',
  class: errorClass,
  message,
  hint: 'see it',
});
const DENIED: Round = { instances: note('auth') };
const THROTTLED: Round = { instances: note('throttled') };
const SEEN: Round = { instances: null };

/** Rounds of 10 s, one after the other. */
function reportAfter(rounds: readonly Round[], from: Blindness = SEES_ALL, second = 0): Blindness {
  return rounds.reduce((before, round, index) => afterRound(before, round, at(second + index * 10)), from);
}
const subjects = ({ failures }: Blindness) => failures.map(({ subject }) => subject);

describe('what a watch does not see', () => {
  it('counts from the first round on, since when it began', () => {
    const blind = reportAfter([SEEN, DENIED, DENIED]);
    expect(blind.failures).toMatchObject([{ subject: 'instances', code: 'UnauthorizedOperation', since: at(10) }]);
  });

  it('is seen again with the first good answer, where only a person can have changed it', () => {
    expect(subjects(reportAfter([DENIED, SEEN]))).toEqual([]);
  });

  it('that comes and goes is seen again after two good rounds, and after twice as many each further time', () => {
    const once = reportAfter([THROTTLED, SEEN]);
    expect(subjects(once)).toEqual(['instances']);
    expect(subjects(reportAfter([SEEN], once, 20))).toEqual([]);
    const twice = reportAfter([THROTTLED, SEEN, SEEN, THROTTLED]);
    expect(subjects(reportAfter([SEEN, SEEN, SEEN], twice, 40))).toEqual(['instances']);
    expect(subjects(reportAfter([SEEN, SEEN, SEEN, SEEN], twice, 40))).toEqual([]);
  });

  it('is forgotten as a habit after an hour', () => {
    const before = reportAfter([THROTTLED, SEEN, SEEN, THROTTLED, SEEN, SEEN, SEEN, SEEN]);
    const later = reportAfter([THROTTLED, SEEN, SEEN], before, 3_700);
    expect(subjects(later)).toEqual([]);
  });

  it('stays as it is when a round does not ask for it', () => {
    const blind = reportAfter([DENIED, {}]);
    expect(subjects(blind)).toEqual(['instances']);
  });

  it('never counts as seen without a good answer, nor as unseen without a bad one', () => {
    const answer = fc.constantFrom(null, note('auth'), note('throttled'));
    const round: fc.Arbitrary<Round> = fc.record(Object.fromEntries(SUBJECTS.map((subject) => [subject, answer])), {
      requiredKeys: [],
    });
    fc.assert(
      fc.property(fc.array(round, { maxLength: 40 }), (rounds) => {
        let before = SEES_ALL;
        for (const [index, one] of rounds.entries()) {
          const next = afterRound(before, one, at(index * 10));
          for (const subject of SUBJECTS) {
            const [was, is] = [before, next].map((blindness) => subjects(blindness).includes(subject));
            if (was && !is) expect(one[subject]).toBeNull();
            if (!was && is) expect(one[subject]).toMatchObject({ code: expect.any(String) });
            if (one[subject] != null) expect(is).toBe(true);
          }
          before = next;
        }
      }),
      { numRuns: 200 },
    );
  });
});
