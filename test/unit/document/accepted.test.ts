import { describe, expect, it } from 'vitest';
import { problemText, readDocument } from '#src/document/read.js';
import { casesOf, compose } from '../../documents/compose.js';

// An end-to-end test runs each of them to Ready: test/e2e/documents.test.ts.
describe('unusual documents that are right', () => {
  it.each(casesOf('accepted.yaml').map((one) => [one.title, one] as const))('are accepted: %s', (_title, one) => {
    const read = readDocument(compose(one), 'cluster.yaml');

    expect(read.ok ? [] : read.problems.map(problemText)).toEqual([]);
  });
});
