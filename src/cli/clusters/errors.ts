import type { RequestName } from '../../model/requests/decide.js';
import { CliError, EXIT } from '../exit.js';

/** Says that no worker has taken the request, which Temporal keeps. @param waitedMs how long the CLI has waited for one */
export const stored = (
  name: string,
  command: RequestName,
  { taskQueue, waitedMs }: { taskQueue: string; waitedMs: number },
  cause: unknown,
): CliError =>
  new CliError(
    EXIT.stored,
    `no worker has answered for ${waitedMs / 1_000} s: ${command} ${name} is stored in Temporal, and the next worker on task queue ${taskQueue} carries it out`,
    command === 'withdraw'
      ? 'start a worker (npm run worker, or npm run local)'
      : `start a worker (npm run worker, or npm run local); to take the request back: keelson withdraw ${name}`,
    { cause },
  );

export const missing = (name: string): CliError =>
  new CliError(
    EXIT.missing,
    `there is no cluster ${name}`,
    '`keelson list` shows the clusters that exist, `keelson orphans` what a lost one has left',
  );

/** Of a workflow that someone started with Temporal's own tools: it ended at once, with what is wrong as its failure. */
export const refusedAtStart = (name: string, { message }: CliError): CliError =>
  new CliError(
    EXIT.missing,
    `there is no cluster ${name}: its workflow refused what it was started with: ${message}`,
    'correct the document and start it again; `keelson validate` says the same before',
  );
