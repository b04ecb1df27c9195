import { Argument, Command, CommanderError } from 'commander';
import { packageVersion } from '../config/version.js';
import { printable } from '../model/printable.js';
import { backupCommands } from './backup-commands.js';
import { codecCommand } from './codec-command.js';
import { formatOf, type Run } from './command-kit.js';
import { documentCommands } from './document-commands.js';
import { CliError, EXIT } from './exit.js';
import { expectedWords } from './expected-words.js';
import { type Io, say } from './io.js';
import { nodeCommands } from './node-commands.js';
import { orphanCommands } from './orphan-commands.js';
import { type Format, showFailure } from './output.js';
import { readCommands } from './read-commands.js';
import { requestCommands } from './request-commands.js';
import { SHELLS } from './shells.js';

const EXIT_CODES = `
Exit codes: 0 done, 1 the operation failed, 2 invalid input, 3 no such cluster, 4 refused (protected, gate closed),
5 Temporal or AWS not reachable or no worker answers, 6 stored and not yet carried out (no worker answered),
130 interrupted by Ctrl-C (the cluster goes on).`;

/** Returns the command line. Nothing is connected and the code of a command is loaded when it runs. */
export function createProgram(io: Io): Command {
  const program = new Command('keelson')
    .description('Create and operate K3s clusters on AWS EC2; a Temporal workflow runs each cluster')
    .version(packageVersion())
    .helpCommand(false)
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(printable(text)),
    })
    .addHelpText(
      'after',
      `${EXIT_CODES}

Examples:
  keelson init shop-eu --region eu-west-1
  keelson apply -f shop-eu.yaml --wait
  keelson status shop-eu --watch
  keelson kubeconfig shop-eu --merge ~/.kube/config`,
    )
    .exitOverride();

  const run = async (body: Run): Promise<void> => {
    // It reads the environment, for which `version`, `--help` and `completion` have no use.
    const { openSession } = await import('./session.js');
    const session = openSession(io);
    try {
      await body(session);
    } finally {
      await session.close();
    }
  };
  documentCommands(program, run, io);
  readCommands(program, run);
  requestCommands(program, run);
  backupCommands(program, run);
  orphanCommands(program, run);
  nodeCommands(program, run);
  codecCommand(program, run);
  expectedWords(program, run, io);
  program
    .command('completion')
    .description('print a completion script')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText(
      'after',
      '\nExamples:\n  . <(keelson completion bash)\n  keelson completion fish > ~/.config/fish/completions/keelson.fish',
    )
    .action(async (shell: string) => {
      const { completionScript } = await import('./completion.js');
      io.stdout.write(completionScript(program, shell));
    });
  return program;
}

/**
 * Runs a command line.
 *
 * @param args what comes after the program's name
 * @returns the exit code
 */
export async function runCli(args: readonly string[], io: Io): Promise<number> {
  let format: Format = 'text';
  try {
    const program = createProgram(io);
    program.hook('preAction', (_, action) => {
      format = formatOf(action.opts());
    });
    await program.parseAsync([...args], { from: 'user' });
    return EXIT.done;
  } catch (error) {
    // Commander has said it already; help and version end this way too.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.invalid;
    const { toCliError } = error instanceof CliError ? { toCliError: () => error } : await import('./errors.js');
    const end = toCliError(error);
    showFailure(io, format, end);
    // All is said where there is no message.
    if (end.message !== '') say(io, `${end.message}${end.hint === '' ? '' : `\n  -> ${end.hint}`}`);
    return end.exitCode;
  }
}
