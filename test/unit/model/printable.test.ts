import { describe, expect, it } from 'vitest';
import { printable, printableAll, printableLine } from '#src/model/printable.js';

describe('a printable text', () => {
  it.each([
    ['a title', '\u001b]0;owned\u0007', '\\u001b]0;owned\\u0007'],
    ['a cleared screen', '\u001b[2J', '\\u001b[2J'],
    ['CSI in one character', '\u009b2J', '\\u009b2J'],
    ['a line written over', 'failed\rdone', 'failed\\u000ddone'],
    ['a text turned round', 'a\u202eb', 'a\\u202eb'],
    ['a line separator', 'a\u2028b', 'a\\u2028b'],
    ['DEL', 'a\u007fb', 'a\\u007fb'],
  ])('shows %s instead of obeying it', (_what, text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('is the same text where there is nothing to obey', () => {
    for (const text of ['Zürich, 東京 ✓', 'two\nlines', 'a\ttab', '🦔']) expect(printable(text)).toBe(text);
  });

  it('on one line is not the next line', () => {
    expect(printableLine(' ada\nAPI: https://evil\r\n')).toBe('ada API: https://evil');
  });

  it('is each key and value of data; only a message keeps its lines', () => {
    expect(printableAll({ message: 'a\nb\u001b', list: ['a\nb', 1, null], '\u001bk': { deep: '\u0007' } })).toEqual({
      message: 'a\nb\\u001b',
      list: ['a b', 1, null],
      '\\u001bk': { deep: '\\u0007' },
    });
  });
});
