import { table } from './table.js';
import { age } from './time.js';

/** An event that no worker could handle. */
export interface DeadLetter {
  id: string;
  /** When the event happened, ISO 8601. */
  sentAt: string;
  /** Subject of the event, in words. */
  about: string;
  /** The message itself, cut if it is long. */
  body: string;
}

export function deadLettersText(letters: readonly DeadLetter[], now = Date.now()): string {
  if (letters.length === 0) return 'no dead letters';
  return table(
    ['age', 'about', 'message id'],
    letters.map(({ id, sentAt, about }) => [age(sentAt, now), about, id]),
  );
}
