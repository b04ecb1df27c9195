/** The largest document, and the largest message of SQS. */
export const SIZE = 256 * 1024;

/** A text of this size that repeats a part. */
export const filled = (part: string, before = '', after = '', size = SIZE): string =>
  before +
  part.repeat(Math.max(0, Math.floor((size - Buffer.byteLength(before + after)) / Buffer.byteLength(part)))) +
  after;
