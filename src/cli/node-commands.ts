import { type Command, InvalidArgumentError } from 'commander';
import { addCommand, formatOf, type Runner, type Shared, seconds } from './command-kit.js';
import type { InitOptions } from './commands/init.js';

/** `logs`, `exec`, `doctor`, `init`: what looks behind a cluster, and what begins one. */
export function nodeCommands(program: Command, run: Runner): void {
  addCommand(program, 'logs', "show K3s's journal on a node, or the logs of Keelson's jobs there; secrets are masked", [
    'logs shop-eu server-0',
    'logs shop-eu workers-1 --jobs',
  ])
    .argument('<name>', 'name of the cluster')
    .argument('[node]', 'slot, node name or instance id; without it the first server')
    .option('--tail <lines>', 'show this many of the last lines', lines, 100)
    .option('--jobs', "show Keelson's newest jobs on the node instead of K3s's journal", false)
    .option('--job <id>', 'show one job, by its id')
    .action((name: string, node: string | undefined, options: Shared & { tail: number; jobs: boolean; job?: string }) =>
      run(async (session) =>
        (await import('./commands/nodes.js')).logs(session, name, node, { ...options, output: formatOf(options) }),
      ),
    );
  addCommand(program, 'exec', 'run a command on a node as root, over SSM', [
    'exec shop-eu server-0 -- k3s kubectl get nodes',
    'exec shop-eu workers-0 -- df -h /',
  ])
    .argument('<name>', 'name of the cluster')
    .argument('<node>', 'slot, node name or instance id')
    .argument('[command...]', 'the command, after --')
    .option('--timeout <seconds>', 'time after which SSM ends the command', seconds, 60)
    .action((name: string, node: string, command: string[], options: Shared & { timeout: number }) =>
      run(async (session) =>
        (await import('./commands/nodes.js')).exec(session, name, node, command, {
          ...options,
          output: formatOf(options),
        }),
      ),
    );
  addCommand(
    program,
    'doctor',
    'check Temporal, worker, bucket, credentials, network, SSM and K3s mirror; changes nothing',
    ['doctor', 'doctor -f cluster.yaml'],
  )
    .option('-f, --file <file>', 'also check the region, subnets, types and mirror of this document')
    .action((options: Shared & { file?: string }) =>
      run(async (session) =>
        (await import('./commands/doctor.js')).doctor(session, { ...options, output: formatOf(options) }),
      ),
    );
  program
    .command('init')
    .description('write a cluster document to start from; on a terminal it asks for what no option gives')
    .argument('[name]', 'name of the cluster')
    .option('--region <region>', 'AWS region (default: AWS_REGION)')
    .option('--mode <mode>', 'dev: one server; ha: three (default: dev)')
    .option('--instance-type <type>', 'EC2 instance type of the servers (default: t3.medium)')
    .option('--version <version>', 'K3s version')
    .option('--file <file>', 'file to write (default: NAME.yaml)')
    .option('-y, --yes', 'ask nothing; use the defaults for what no option gives', false)
    .addHelpText('after', '\nExamples:\n  keelson init\n  keelson init shop-eu --region eu-west-1 --mode ha --yes')
    .action((name: string | undefined, options: InitOptions) =>
      run(async (session) => (await import('./commands/init.js')).init(session, name, options)),
    );
}

function lines(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 10_000) throw new InvalidArgumentError('1 to 10000 lines.');
  return number;
}
