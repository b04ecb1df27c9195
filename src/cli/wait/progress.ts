import type { StatusView } from '../../model/status.js';

export type Outcome = 'done' | 'failed' | 'interrupted';

/** Shows on stderr what happens while someone waits. */
export interface Progress {
  show(status: StatusView): void;
  /** A line of its own, such as an error that will be tried again. */
  note(line: string): void;
  /** Ends the display: the wait is over, or a person has interrupted it. Resolves when all is drawn. */
  end(outcome: Outcome, line: string | null): Promise<void>;
}
