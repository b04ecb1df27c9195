import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { Bucket } from '#src/aws/bucket.js';
import { createStatusReader } from '#src/cli/wait/stored-status.js';
import { node, statusView } from './status.js';

const reading = (text: string) => {
  const bucket = { get: () => Promise.resolve({ text, etag: '', version: '', metadata: {} }) };
  return createStatusReader(() => Promise.resolve(bucket as unknown as Bucket))('shop');
};

describe('the status that a command reads from the bucket', () => {
  it('is what the worker has written', async () => {
    const view = JSON.parse(JSON.stringify(statusView())) as unknown;
    expect(await reading(stringify(view))).toEqual(view);
  });

  it('of 500 nodes is read, too', async () => {
    // Prepare
    const view = statusView();
    const nodes = Array.from({ length: 500 }, (_, index) => ({ ...node(), slot: `workers-${index}` }));
    // Act
    const read = await reading(stringify({ ...view, nodes }, { aliasDuplicateObjects: false }));
    // Assess
    expect(read?.nodes).toHaveLength(500);
  });

  it.each([
    ['keys in keys', `${'? '.repeat(30)}a`],
    ['braces as keys', '{'.repeat(30) + '}'.repeat(30)],
    ['question marks by the line', '?\n'.repeat(500_000)],
    ['one key again and again', 'a: 1\n'.repeat(20_000)],
  ])('of %s is not a status, at little cost', async (_, text) => {
    // Prepare
    const before = process.cpuUsage();
    // Act
    const read = await reading(text);
    // Assess
    const { user, system } = process.cpuUsage(before);
    expect(read).toBeNull();
    expect((user + system) / 1_000).toBeLessThan(2_000);
  });
});
