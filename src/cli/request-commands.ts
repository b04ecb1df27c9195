import type { Command } from 'commander';
import { addCommand, formatOf, nonEmpty, type Runner, type Shared, waiting } from './command-kit.js';

/** What asks a cluster for something. */
export function requestCommands(program: Command, run: Runner): void {
  const simple = {
    stop: 'stop the nodes: agents first, a snapshot, then the servers',
    start: 'start a stopped cluster',
    pause: 'stop all work until resume; a step that has started is completed',
    resume: 'continue after pause',
    retry: 'try again at once what failed',
    repair: 'start the repairs that Keelson holds back',
    withdraw: 'cancel the last request, if no work on it has started',
  } as const;
  for (const [name, description] of Object.entries(simple) as [keyof typeof simple, string][]) {
    waiting(addCommand(program, name, description, [`${name} shop-eu --wait`], ['wide'])).action(
      (cluster: string, options: Shared & { wait: boolean }) =>
        run(async (session) =>
          (await import('./commands/requests.js')).request(session, name, cluster, {
            ...options,
            output: formatOf(options),
          }),
        ),
    );
  }
  waiting(
    addCommand(program, 'delete', 'delete the cluster and everything that Keelson made for it; asks first', [
      'delete shop-eu --wait',
      'delete shop-eu --dry-run',
      'delete shop-eu --yes --wait',
    ]),
  )
    .option('-y, --yes', 'do not ask; required where there is no terminal', false)
    .option('--dry-run', 'show what would be deleted, and delete nothing', false)
    .action((cluster: string, options: Shared & { wait: boolean; yes: boolean; dryRun: boolean }) =>
      run(async (session) =>
        (await import('./commands/delete.js')).remove(session, cluster, { ...options, output: formatOf(options) }),
      ),
    );
  waiting(
    addCommand(
      program,
      'resize',
      'change the instance type, one node at a time',
      ['resize shop-eu --instance-type t3.large --wait', 'resize shop-eu --pool workers --instance-type m6i.xlarge'],
      ['wide'],
    ),
  )
    .requiredOption('--instance-type <type>', 'EC2 instance type', nonEmpty)
    .option('--pool <pool>', 'change the agents of this pool (default: the servers)')
    .action((cluster: string, options: Shared & { wait: boolean; instanceType: string; pool?: string }) =>
      run(async (session) => {
        const { instanceType, pool } = options;
        const payload = { instanceType, ...(pool === undefined ? {} : { pool }) };
        await (await import('./commands/requests.js')).request(
          session,
          'resize',
          cluster,
          { ...options, output: formatOf(options) },
          payload,
        );
      }),
    );
}
