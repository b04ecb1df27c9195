/** The content is longer than allowed; another read finds the same. */
export class TooLarge extends Error {
  override readonly name = 'TooLarge';
  /** @param most in bytes */
  constructor(readonly most: number) {
    super(`has more than ${most >= 1024 ? `${Math.floor(most / 1024)} KiB` : `${most} bytes`}`);
  }
}

/**
 * Reads chunks into one piece, and stops at the first one beyond the limit. Everything that strangers can make long is read by it, such as
 * objects of the bucket and answers of mirrors. Leaving the loop ends the stream behind the chunks.
 *
 * @param most bytes
 * @throws TooLarge
 */
export async function readAtMost(chunks: AsyncIterable<Uint8Array>, most: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    length += chunk.length;
    if (length > most) throw new TooLarge(most);
    parts.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
