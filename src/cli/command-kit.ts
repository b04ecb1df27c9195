import { type Command, InvalidArgumentError, Option } from 'commander';
import { FORMATS, type Format } from './output.js';
import type { Session } from './session.js';

/** Adds a command whose code is loaded when it runs. */
export type Run = (session: Session) => Promise<void>;
export type Runner = (body: Run) => Promise<void>;

const formatOption = (formats: readonly Format[]) =>
  new Option('-o, --output <format>', `one of ${formats.join(', ')} instead of text`).choices(formats);
export const fileOption = () =>
  new Option('-f, --file <file>', 'cluster document, YAML or JSON; - is stdin').makeOptionMandatory();

export interface Shared {
  output?: Format;
  json?: boolean;
  wait?: boolean;
}
export const formatOf = ({ output, json }: Shared): Format => (json === true ? 'json' : (output ?? 'text'));
const jsonOption = () => new Option('--json', 'the same as -o json').hideHelp();

export function addCommand(
  program: Command,
  name: string,
  description: string,
  examples: readonly string[],
  more: readonly Format[] = [],
): Command {
  return program
    .command(name)
    .description(description)
    .addOption(formatOption([...FORMATS, ...more]))
    .addOption(jsonOption())
    .addHelpText('after', `\nExamples:\n${examples.map((one) => `  keelson ${one}`).join('\n')}`);
}

export function seconds(value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !(number >= 0 && number <= 3_600)) throw new InvalidArgumentError('0 to 3600 seconds.');
  return number;
}

export const waiting = (command: Command): Command =>
  command
    .argument('<name>', 'name of the cluster')
    .option('-w, --wait', 'wait for completion and show per-node progress', false);

export function nonEmpty(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('it is empty.');
  return value;
}
