import { expect, test } from 'vitest';
import { mostCachedWorkflows } from '#src/worker/workflow-cache.js';

const MIB = 1_024 * 1_024;

test('a worker in a container of 1 GiB, with the heap that Node gives itself there, keeps 400 workflows', () => {
  expect(mostCachedWorkflows(560 * MIB)).toBe(400);
});

test('more heap keeps more of them, and the smallest keeps ten', () => {
  expect(mostCachedWorkflows(1_072 * MIB)).toBe(912);
  expect(mostCachedWorkflows(64 * MIB)).toBe(10);
});
