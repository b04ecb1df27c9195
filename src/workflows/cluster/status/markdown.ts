import { printableLine } from '../../../model/printable.js';

const MARKUP = /[\\`*_[\]|~#]/g;
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Returns a text of others within Markdown: no markup, no HTML, no new cell, row or line. */
export const plain = (text: string): string =>
  printableLine(text)
    .replaceAll(MARKUP, (one) => `\\${one}`)
    .replaceAll(/[&<>]/g, (one) => ENTITIES[one] ?? one);
