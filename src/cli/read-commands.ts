import type { Command } from 'commander';
import { addCommand, formatOf, type Runner, type Shared } from './command-kit.js';
import type { KubeconfigOptions } from './commands/kubeconfig.js';

/** What tells of clusters and changes nothing. */
export function readCommands(program: Command, run: Runner): void {
  const look = () => import('./commands/look.js');
  addCommand(
    program,
    'list',
    'list all clusters',
    ['list', 'list --health Degraded -o json', 'list -o name'],
    ['wide', 'name'],
  )
    .option('--phase <phase>', 'show only clusters in this phase')
    .option('--region <region>', 'show only clusters in this region')
    .option('--health <health>', 'show only clusters with this health')
    .action((options: Shared & { phase?: string; region?: string; health?: string }) =>
      run(async (session) => (await look()).list(session, { ...options, output: formatOf(options) })),
    );
  addCommand(
    program,
    'status',
    'show nodes, conditions, the operation and what it waits for',
    ['status shop-eu', 'status shop-eu --watch', 'status shop-eu -o wide'],
    ['wide', 'name'],
  )
    .argument('<name>', 'name of the cluster')
    .option('--watch', 'refresh as it changes, until Ctrl-C', false)
    .action((name: string, options: Shared & { watch: boolean }) =>
      run(async (session) => (await look()).status(session, name, { ...options, output: formatOf(options) })),
    );
  addCommand(program, 'explain', 'say why the cluster is not what you asked for, and what to do', ['explain shop-eu'])
    .argument('<name>', 'name of the cluster')
    .action((name: string, options: Shared) =>
      run(async (session) => (await look()).explain(session, name, { output: formatOf(options) })),
    );
  addCommand(program, 'history', 'list operations and their steps: who asked, when, how long, outcome', [
    'history shop-eu',
    'history shop-eu -o yaml',
  ])
    .argument('<name>', 'name of the cluster')
    .action((name: string, options: Shared) =>
      run(async (session) => (await look()).history(session, name, { output: formatOf(options) })),
    );
  addCommand(program, 'events', 'list the last 100 events, oldest first', [
    'events shop-eu --warnings',
    'events shop-eu --watch -o json',
  ])
    .argument('<name>', 'name of the cluster')
    .option('--watch', 'keep printing new events, until Ctrl-C', false)
    .option('--warnings', 'show only warnings', false)
    .action((name: string, options: Shared & { watch: boolean; warnings: boolean }) =>
      run(async (session) =>
        (await import('./commands/events.js')).events(session, name, { ...options, output: formatOf(options) }),
      ),
    );
  program
    .command('kubeconfig')
    .description('print the kubeconfig, write it to a file, or merge it into one')
    .argument('<name>', 'name of the cluster')
    .option('--file <file>', 'write it to this file (mode 0600)')
    .option(
      '--merge [file]',
      'merge it into this file (mode 0600); by default into the one that kubectl uses: KUBECONFIG, else ~/.kube/config',
    )
    .option('--use', 'with --merge: make it the current context', false)
    .option('--replace', 'with --merge: replace an entry of the same name that belongs to another cluster', false)
    .option(
      '--ttl <duration>',
      'use a client certificate of a person that is valid for this long: 10m to 168h (8h with --user or --group)',
    )
    .option('--user <name>', 'user in that certificate (default: your user name)')
    .option('--group <name>', 'group in that certificate (repeatable)', (one: string, all: string[] = []) => [
      ...all,
      one,
    ])
    .addHelpText(
      'after',
      '\nExamples:\n  keelson kubeconfig shop-eu --file shop-eu.kubeconfig\n  keelson kubeconfig shop-eu --merge ~/.kube/config --use\n  keelson kubeconfig shop-eu --file alice.kubeconfig --user alice --group dev --ttl 8h',
    )
    .action((name: string, options: KubeconfigOptions) =>
      run(async (session) => (await import('./commands/kubeconfig.js')).kubeconfig(session, name, options)),
    );
}
