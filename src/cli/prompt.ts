import { createInterface } from 'node:readline';
import { CliError, EXIT } from './exit.js';
import { type Io, say } from './io.js';

export interface Question {
  /** As `AWS region`. */
  label: string;
  /** Meaning of Enter alone; null if an answer is required. */
  fallback: string | null;
  /** What is wrong with an answer; null for a good one. */
  problem?: (answer: string) => string | null;
}

/** Asks questions with a default, on one terminal, one after the other. Texts go to stderr: stdout is for data. */
export class Prompt {
  private readonly lines;
  private readonly answers;

  constructor(private readonly io: Io) {
    // The terminal edits the line itself, and Ctrl-C stays a signal.
    this.lines = createInterface({ input: io.stdin, terminal: false, signal: io.signal });
    this.answers = this.lines[Symbol.asyncIterator]();
  }

  /** Asks until the answer is good. @throws CliError `interrupted` on Ctrl-C and at the end of the input */
  async ask({ label, fallback, problem = () => null }: Question): Promise<string> {
    for (;;) {
      this.io.stderr.write(fallback === null ? `${label}: ` : `${label} [${fallback}]: `);
      const line = await this.answers.next();
      if (line.done === true) {
        say(this.io, '');
        throw new CliError(EXIT.interrupted, 'interrupted: nothing is written');
      }
      const answer = line.value.trim() || fallback;
      const wrong = answer === null ? 'it needs an answer' : problem(answer);
      if (answer !== null && wrong === null) return answer;
      say(this.io, `  ${wrong ?? ''}`);
    }
  }

  close(): void {
    this.lines.close();
  }
}

/** Returns whether there is a person to ask. */
export const isOnTerminal = (io: Io): boolean => io.stdin.isTTY === true && io.stderr.isTTY === true;
