import { describe, expect, it } from 'vitest';
import { readAtMost } from '#src/model/read-at-most.js';

describe('readAtMost', () => {
  async function* chunks(count: number, note: { given: number; ended: boolean }) {
    try {
      for (; note.given < count; note.given += 1) yield new Uint8Array(1_024).fill(note.given);
    } finally {
      note.ended = true;
    }
  }

  it('reads what is as long as it may be', async () => {
    const bytes = await readAtMost(chunks(4, { given: 0, ended: false }), 4_096);
    expect([bytes.length, bytes[0], bytes[4_095]]).toEqual([4_096, 0, 3]);
  });

  it('takes no more than one chunk beyond its bound, ends the source and says the bound', async () => {
    // Prepare
    const note = { given: 0, ended: false };
    // Act
    const read = readAtMost(chunks(Number.POSITIVE_INFINITY, note), 4_096);
    // Assess
    await expect(read).rejects.toThrow('has more than 4 KiB');
    expect(note).toEqual({ given: 4, ended: true });
  });
});
