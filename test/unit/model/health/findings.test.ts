import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { APART_MS, applyCheck, type Findings, forgetFindings, isUnsure } from '#src/model/health/findings.js';

const at = (seconds: number): string => new Date(Date.UTC(2026, 0, 1) + seconds * 1_000).toISOString();
/** Looks at these seconds, bad or not. */
const looks = (seen: [number, boolean][], grace = false): Findings =>
  seen.reduce<Findings>(
    (findings, [second, bad]) => applyCheck(findings, 'a/ready', bad ? 'bad' : null, at(second), grace),
    {},
  );

describe('what an observation finds', () => {
  it('counts when two observations in a row, apart from each other, have seen it', () => {
    expect(looks([[0, true]])['a/ready']).toMatchObject({ confirmed: false });
    expect(
      looks([
        [0, true],
        [9, true],
      ])['a/ready'],
    ).toMatchObject({ confirmed: false });
    expect(
      looks([
        [0, true],
        [10, true],
      ])['a/ready'],
    ).toMatchObject({ confirmed: true, since: at(10) });
    expect(
      looks([
        [0, true],
        [10, false],
      ]),
    ).toEqual({});
  });

  it('no longer counts when two observations in a row have seen it well', () => {
    const ill: [number, boolean][] = [
      [0, true],
      [10, true],
    ];
    expect(looks([...ill, [20, false]])['a/ready']).toMatchObject({ confirmed: true });
    expect(looks([...ill, [20, false], [30, true], [40, false]])['a/ready']).toMatchObject({ confirmed: true });
    expect(looks([...ill, [20, false], [30, false]])).toEqual({});
  });

  it('is only noted while a start by our own hand is to be borne', () => {
    const noted = looks(
      [
        [0, true],
        [60, true],
      ],
      true,
    );
    expect(noted['a/ready']).toMatchObject({ confirmed: false });
    expect(isUnsure({ findings: noted })).toBe(true);
    expect(applyCheck(noted, 'a/ready', 'bad', at(90))['a/ready']).toMatchObject({ confirmed: true });
  });

  it('never changes for something that comes and goes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { minLength: 1, maxLength: 50 }), fc.boolean(), (pauses, first) => {
        let second = 0;
        const seen = pauses.map((pause, index): [number, boolean] => {
          second += pause;
          return [second, (index % 2 === 0) === first];
        });
        expect(looks(seen)['a/ready']?.confirmed ?? false).toBe(false);
      }),
    );
  });

  it('is forgotten by slot', () => {
    const both = {
      'a/ready': looks([[0, true]])['a/ready'],
      'a/disk': looks([[0, true]])['a/ready'],
      'ab/disk': looks([[0, true]])['a/ready'],
    };
    expect(Object.keys(forgetFindings(both as Findings, 'a'))).toEqual(['ab/disk']);
  });

  it('takes two observations further apart than a unit takes to restart', () =>
    expect(APART_MS).toBeGreaterThan(5_000));
});
