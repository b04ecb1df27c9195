import { describe, expect, it } from 'vitest';
import { problemText, readDocument } from '#src/document/read.js';
import { casesOf, compose } from '../../documents/compose.js';

const CASES = casesOf('refused.yaml');

describe('documents that K3s or AWS would refuse later', () => {
  it('are sixty at least, each with a title of its own', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(60);
    expect(new Set(CASES.map(({ title }) => title)).size).toBe(CASES.length);
  });

  it.each(CASES.map((one) => [one.title, one] as const))('are refused with place and remedy: %s', (_title, one) => {
    // Act
    const read = readDocument(compose(one), 'cluster.yaml');
    // Assess
    const problems = read.ok ? [] : read.problems;
    expect(problems.map(problemText)).toEqual((one.answer ?? []).map((line) => `cluster.yaml:${line}`));
    expect(problems.length).toBeGreaterThan(0);
    for (const { hint } of problems) expect(hint).not.toBe('');
  });
});
