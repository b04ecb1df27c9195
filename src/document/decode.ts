import { invisibleIn } from '../model/invisible.js';
import { positionsIn } from './problem.js';

/** A cluster document is a few KiB; more is a mistake, or an attack on the parser. */
export const MAX_BYTES = 256 * 1024;

export type Decoded =
  | { ok: true; text: string }
  | { ok: false; message: string; hint: string; line?: number; column?: number };

/** Decodes a file; refuses a large one, or anything but text. Drops a byte order mark. */
export function decode(content: string | Uint8Array): Decoded {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  if (bytes.byteLength > MAX_BYTES) {
    return {
      ok: false,
      message: `is ${Math.ceil(bytes.byteLength / 1024)} KiB long`,
      hint: `at most ${MAX_BYTES / 1024} KiB`,
    };
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return BINARY;
  }
  if (text.includes('\0')) return BINARY;
  const control = controlAt(text);
  if (control < 0) return { ok: true, text };
  return {
    ok: false,
    message: `has the invisible character ${invisibleIn(text.charAt(control))?.name ?? ''}`,
    hint: 'remove it',
    ...positionsIn(text)(control),
  };
}

const BINARY = { ok: false, message: 'is binary data, not text', hint: 'YAML or JSON in UTF-8' } as const;

/** YAML allows tab, line feed and carriage return of the control characters below space. [YAML 1.2, 5.1] */
function controlAt(text: string): number {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if ((code < 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) || code === 0x7f) return index;
  }
  return -1;
}
