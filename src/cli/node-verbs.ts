import { type Command, InvalidArgumentError } from 'commander';
import { formatOf, type Runner, type Shared, seconds, verb } from './command-kit.js';

/** `logs`, `exec`, `doctor`, `init`: what looks behind a cluster, and what begins one. */
export function nodeVerbs(program: Command, run: Runner): void {
  verb(program, 'logs', "K3s's journal on a node, or the logs of Keelson's jobs there, masked", [
    'logs shop-eu server-0',
    'logs shop-eu workers-1 --jobs',
  ])
    .argument('<name>', 'name of the cluster')
    .argument('[node]', 'slot, node name or instance id; without it the first server')
    .option('--tail <lines>', 'so many lines from the end', lines, 100)
    .option('--jobs', "the newest jobs that Keelson has run on the node, instead of K3s's journal", false)
    .option('--job <id>', 'one job, by its id')
    .action((name: string, node: string | undefined, options: Shared & { tail: number; jobs: boolean; job?: string }) =>
      run(async (session) =>
        (await import('./verbs/nodes.js')).logs(session, name, node, { ...options, output: formatOf(options) }),
      ),
    );
  verb(program, 'exec', 'run a command on a node, as root, by SSM', [
    'exec shop-eu server-0 -- k3s kubectl get nodes',
    'exec shop-eu workers-0 -- df -h /',
  ])
    .argument('<name>', 'name of the cluster')
    .argument('<node>', 'slot, node name or instance id')
    .argument('[command...]', 'the command, behind --')
    .option('--timeout <seconds>', 'after which SSM ends the command', seconds, 60)
    .action((name: string, node: string, command: string[], options: Shared & { timeout: number }) =>
      run(async (session) =>
        (await import('./verbs/nodes.js')).exec(session, name, node, command, {
          ...options,
          output: formatOf(options),
        }),
      ),
    );
  verb(program, 'doctor', 'check Temporal, worker, bucket, credentials, network, SSM and K3s mirror; changes nothing', [
    'doctor',
    'doctor -f cluster.yaml',
  ])
    .option('-f, --file <file>', 'cluster document: its region, subnets, types and mirror are checked, too')
    .action((options: Shared & { file?: string }) =>
      run(async (session) =>
        (await import('./verbs/doctor.js')).doctor(session, { ...options, output: formatOf(options) }),
      ),
    );
  program
    .command('init')
    .description('write a cluster document to start from')
    .argument('<name>', 'name of the cluster')
    .option('--region <region>', 'AWS region; by default that of your credentials')
    .option('--mode <mode>', 'dev: one server; ha: three', 'dev')
    .option('--instance-type <type>', 'of the servers', 't3.medium')
    .option('--version <version>', 'of K3s')
    .option('--file <file>', 'where it is written; by default NAME.yaml')
    .addHelpText('after', '\nExamples:\n  keelson init shop-eu --region eu-west-1 --mode ha')
    .action(
      (
        name: string,
        options: Record<'mode' | 'instanceType', string> & Partial<Record<'region' | 'version' | 'file', string>>,
      ) => run(async (session) => (await import('./verbs/init.js')).init(session, name, options)),
    );
}

function lines(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 10_000) throw new InvalidArgumentError('1 to 10000 lines.');
  return number;
}
