import type { Command } from 'commander';
import { packageVersion } from '../config/version.js';
import { addCommand, formatOf, type Runner, type Shared } from './command-kit.js';
import { CliError, EXIT } from './exit.js';
import type { Io } from './io.js';
import { show } from './output.js';

/** Words that people bring from kubectl, eksctl and others: each leads to what it means here. */
export function expectedWords(program: Command, run: Runner, io: Io): void {
  addCommand(
    program,
    'get',
    'print the document in force of a cluster; without a name, list all clusters',
    ['get shop-eu > shop-eu.yaml', 'get shop-eu -o json'],
    ['wide', 'name'],
  )
    .argument('[name]', 'name of the cluster')
    .action((name: string | undefined, options: Shared) =>
      run(async (session) => {
        const output = formatOf(options);
        if (name === undefined) return (await import('./commands/look.js')).list(session, { output });
        return (await import('./commands/get.js')).get(session, name, output);
      }),
    );
  addCommand(program, 'describe', 'show all that is known of a cluster: status -o wide', ['describe shop-eu'])
    .argument('<name>', 'name of the cluster')
    .action((name: string, options: Shared) =>
      run(async (session) => {
        const output = options.output ?? (options.json === true ? 'json' : 'wide');
        await (await import('./commands/look.js')).status(session, name, { output, watch: false });
      }),
    );
  program
    .command('create', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .action(() => {
      throw new CliError(
        EXIT.invalid,
        'a cluster is created from its document',
        'keelson init NAME writes one, keelson apply -f NAME.yaml --wait creates it',
      );
    });
  program
    .command('help')
    .description('show the help of a command')
    .argument('[command]')
    .action((name: string | undefined) => {
      const found = name === undefined ? program : program.commands.find((one) => one.name() === name);
      if (found === undefined)
        throw new CliError(EXIT.invalid, `there is no command ${name}`, 'keelson --help names them');
      found.outputHelp();
    });
  addCommand(program, 'version', 'print the version of this command', ['version', 'version -o json']).action(
    (options: Shared) =>
      show(
        io,
        formatOf(options),
        { version: packageVersion(), node: process.version },
        (_, seen) => `keelson ${seen.version}`,
      ),
  );
}
