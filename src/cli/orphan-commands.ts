import type { Command } from 'commander';
import { addCommand, formatOf, type Runner, type Shared, seconds } from './command-kit.js';

/** What is in AWS and no cluster has. */
export function orphanCommands(program: Command, run: Runner): void {
  addCommand(program, 'dead-letters', 'list the events that no worker could handle in three attempts', [
    'dead-letters',
    'dead-letters -o json',
  ]).action((options: Shared) =>
    run(async (session) => (await import('./commands/dead-letters.js')).deadLetters(session, formatOf(options))),
  );
  addCommand(program, 'orphans', "list AWS resources that carry Keelson's tags and belong to no workflow", [
    'orphans',
    'orphans --region eu-west-1 --prices prices.yaml',
    'orphans --region eu-west-1 --delete',
    'orphans --region eu-west-1 --delete --yes',
  ])
    .option('--region <region>', 'search only this region (default: all that the account has enabled)')
    .option('--prices <file>', 'show the monthly cost by the prices in this YAML file')
    .option('--delete', 'delete them, after a question and a second search', false)
    .option('-y, --yes', 'with --delete: do not ask; required where there is no terminal', false)
    .option('--dry-run', 'with --delete: show what would be deleted, and delete nothing', false)
    .option(
      '--role-arn <arn>',
      'search only the account of this role, which Keelson assumes; also where no cluster is left',
    )
    .option('--external-id <id>', 'with --role-arn: the external id that its trust policy asks for')
    .option('--installation <id>', 'search for what another installation has left, by its id')
    .option('--unknown', 'with --delete: also delete those that another program may manage', false)
    .option('--after <seconds>', 'time between the two searches', seconds, 15)
    .action(
      (
        options: Shared & {
          region?: string;
          roleArn?: string;
          externalId?: string;
          installation?: string;
          prices?: string;
        } & Record<'delete' | 'yes' | 'dryRun' | 'unknown', boolean> & { after: number },
      ) =>
        run(async (session) =>
          (await import('./commands/orphans.js')).orphans(session, { ...options, output: formatOf(options) }),
        ),
    );
}
