import { Argument, Command, CommanderError, Option } from 'commander';
import { packageVersion } from '../config/version.js';
import { printable } from '../model/printable.js';
import { ROTATIONS, type Rotation } from '../model/rotation/state.js';
import {
  fileOption,
  formatOf,
  nonEmpty,
  type Run,
  type Runner,
  type Shared,
  seconds,
  verb,
  waiting,
} from './command-kit.js';
import { CliError, EXIT } from './exit.js';
import { expectedWords } from './expected-words.js';
import { type Io, say } from './io.js';
import { nodeVerbs } from './node-verbs.js';
import { type Format, showFailure } from './output.js';
import { SHELLS } from './shells.js';
import type { KubeconfigOptions } from './verbs/kubeconfig.js';
import type { RestoreOptions } from './verbs/restore.js';

const EXIT_CODES = `
Exit codes: 0 done, 1 the operation failed, 2 invalid input, 3 no such cluster, 4 refused (protected, gate closed),
5 Temporal or AWS not reachable or no worker answers, 6 stored and not yet carried out (no worker answered),
130 interrupted by Ctrl-C (the cluster goes on).`;

/** The command line. Nothing is connected and no verb's code is loaded before the verb is run. */
export function createProgram(io: Io): Command {
  const program = new Command('keelson')
    .description('K3s clusters on AWS EC2, each looked after by a Temporal workflow')
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
  keelson apply -f examples/ha.yaml --wait
  keelson status shop-eu --watch
  keelson kubeconfig shop-eu --merge ~/.kube/config`,
    )
    .exitOverride();

  const run = async (verb: Run): Promise<void> => {
    // It reads the environment, for which `version`, `--help` and `completion` have no use.
    const { openSession } = await import('./session.js');
    const session = openSession(io);
    try {
      await verb(session);
    } finally {
      await session.close();
    }
  };
  documentVerbs(program, run);
  lookVerbs(program, run);
  requestVerbs(program, run);
  orphanVerb(program, run);
  nodeVerbs(program, run);
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

function documentVerbs(program: Command, run: Runner): void {
  verb(program, 'validate', 'list every problem of a document at once', [
    'validate -f examples/ha.yaml',
    'validate -f - < cluster.yaml',
  ])
    .addOption(new Option('-f, --file <files...>', 'cluster documents, YAML or JSON; - is stdin').makeOptionMandatory())
    .action((options: Shared & { file: string[] }) =>
      run(async (session) =>
        (await import('./verbs/validate.js')).validate(session, { ...options, output: formatOf(options) }),
      ),
    );
  verb(program, 'plan', 'show what apply would do, step by step; changes nothing', [
    'plan -f examples/ha.yaml',
    'plan -f cluster.yaml -o json',
  ])
    .addOption(fileOption())
    .action((options: Shared & { file: string }) =>
      run(async (session) =>
        (await import('./verbs/plan.js')).plan(session, { ...options, output: formatOf(options) }),
      ),
    );
  verb(program, 'apply', 'make the cluster as the document says', [
    'apply -f examples/ha.yaml --wait',
    'apply -f cluster.yaml --plan-id 7c1f09ab12cd34ef',
  ])
    .addOption(fileOption())
    .option('-w, --wait', 'wait until it is so, showing the progress of each node', false)
    .option('--plan-id <id>', 'only if the plan is still the one that `keelson plan` has shown')
    .option('--adopt <uid>', 'take over what this uid has left although another workflow owns it, which must be gone')
    .action((options: Shared & { file: string; wait: boolean; planId?: string; adopt?: string }) =>
      run(async (session) =>
        (await import('./verbs/apply.js')).apply(session, { ...options, output: formatOf(options) }),
      ),
    );
}

function lookVerbs(program: Command, run: Runner): void {
  const look = () => import('./verbs/look.js');
  verb(program, 'list', 'all clusters', ['list', 'list --health Degraded -o json', 'list -o name'], ['wide', 'name'])
    .option('--phase <phase>', 'only those in this phase')
    .option('--region <region>', 'only those in this region')
    .option('--health <health>', 'only those of this health')
    .action((options: Shared & { phase?: string; region?: string; health?: string }) =>
      run(async (session) => (await look()).list(session, { ...options, output: formatOf(options) })),
    );
  verb(
    program,
    'status',
    'nodes, conditions, the operation and what it waits for',
    ['status shop-eu', 'status shop-eu --watch', 'status shop-eu -o wide'],
    ['wide', 'name'],
  )
    .argument('<name>', 'name of the cluster')
    .option('--watch', 'show it again as it changes, until Ctrl-C', false)
    .action((name: string, options: Shared & { watch: boolean }) =>
      run(async (session) => (await look()).status(session, name, { ...options, output: formatOf(options) })),
    );
  verb(program, 'explain', 'why it is not (yet) what was asked for, and what to do', ['explain shop-eu'])
    .argument('<name>', 'name of the cluster')
    .action((name: string, options: Shared) =>
      run(async (session) => (await look()).explain(session, name, { output: formatOf(options) })),
    );
  verb(program, 'history', 'operations and their steps: who asked, when, how long, outcome', [
    'history shop-eu',
    'history shop-eu -o yaml',
  ])
    .argument('<name>', 'name of the cluster')
    .action((name: string, options: Shared) =>
      run(async (session) => (await look()).history(session, name, { output: formatOf(options) })),
    );
  verb(program, 'events', 'the last 100 events, oldest first', [
    'events shop-eu --warnings',
    'events shop-eu --watch -o json',
  ])
    .argument('<name>', 'name of the cluster')
    .option('--watch', 'go on with new ones as they come, until Ctrl-C', false)
    .option('--warnings', 'only warnings', false)
    .action((name: string, options: Shared & { watch: boolean; warnings: boolean }) =>
      run(async (session) =>
        (await import('./verbs/events.js')).events(session, name, { ...options, output: formatOf(options) }),
      ),
    );
  program
    .command('kubeconfig')
    .description('print the kubeconfig, write it to a file, or merge it into one')
    .argument('<name>', 'name of the cluster')
    .option('--file <file>', 'write it alone to this file (0600)')
    .option(
      '--merge [file]',
      'merge it into this file (0600); without one where kubectl writes: KUBECONFIG, ~/.kube/config',
    )
    .option('--use', 'with --merge: make it the current context', false)
    .option('--replace', 'with --merge: also over an entry of this name that is of another cluster', false)
    .option(
      '--ttl <duration>',
      'with a client certificate of a person for so long, 10m to 168h (8h with --user or --group)',
    )
    .option('--user <name>', 'user in that certificate; if absent, you')
    .option('--group <name>', 'group in that certificate; can be repeated', (one: string, all: string[] = []) => [
      ...all,
      one,
    ])
    .addHelpText(
      'after',
      '\nExamples:\n  keelson kubeconfig shop-eu --file shop-eu.kubeconfig\n  keelson kubeconfig shop-eu --merge ~/.kube/config --use\n  keelson kubeconfig shop-eu --file alice.kubeconfig --user alice --group dev --ttl 8h',
    )
    .action((name: string, options: KubeconfigOptions) =>
      run(async (session) => (await import('./verbs/kubeconfig.js')).kubeconfig(session, name, options)),
    );
}

function orphanVerb(program: Command, run: Runner): void {
  verb(program, 'dead-letters', 'list the events that no worker could handle in three attempts', [
    'dead-letters',
    'dead-letters -o json',
  ]).action((options: Shared) =>
    run(async (session) => (await import('./verbs/dead-letters.js')).deadLetters(session, formatOf(options))),
  );
  verb(program, 'orphans', 'what carries our tags in AWS and has no workflow behind it', [
    'orphans',
    'orphans --region eu-west-1 --prices prices.yaml',
    'orphans --region eu-west-1 --delete',
    'orphans --region eu-west-1 --delete --yes',
  ])
    .option('--region <region>', 'only in this region; without it, in all that the account has enabled')
    .option('--prices <file>', 'show the monthly cost by these prices (YAML)')
    .option('--delete', 'delete them, after a question and a second look', false)
    .option('-y, --yes', 'with --delete: do not ask; required where there is no terminal', false)
    .option('--dry-run', 'with --delete: show what would be deleted, and delete nothing', false)
    .option('--role-arn <arn>', 'only in the account of this role, which is assumed; also where no cluster is left')
    .option('--external-id <id>', 'with --role-arn: the external id that its trust policy asks for')
    .option('--installation <id>', 'what another installation has left, by its id')
    .option('--unknown', 'with --delete: also those that others may look after', false)
    .option('--after <seconds>', 'between the two looks', seconds, 15)
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
          (await import('./verbs/orphans.js')).orphans(session, { ...options, output: formatOf(options) }),
        ),
    );
}

function requestVerbs(program: Command, run: Runner): void {
  const simple = {
    stop: 'stop the nodes: agents first, a snapshot, then the servers',
    start: 'start a stopped cluster',
    pause: 'do nothing until resume; what was begun is finished',
    resume: 'go on after pause',
    retry: 'try again at once what has failed',
    repair: 'do now the repairs that are held back',
    withdraw: 'take back the last request, as long as nothing has been done for it',
  } as const;
  for (const [name, description] of Object.entries(simple) as [keyof typeof simple, string][]) {
    waiting(verb(program, name, description, [`${name} shop-eu --wait`])).action(
      (cluster: string, options: Shared & { wait: boolean }) =>
        run(async (session) =>
          (await import('./verbs/requests.js')).request(session, name, cluster, {
            ...options,
            output: formatOf(options),
          }),
        ),
    );
  }
  waiting(
    verb(program, 'backup', 'save an etcd snapshot to the bucket now', [
      'backup shop-eu --wait',
      'backup shop-eu -w -o json',
    ]),
  ).action((cluster: string, options: Shared & { wait: boolean }) =>
    run(async (session) =>
      (await import('./verbs/backup.js')).backup(session, cluster, { ...options, output: formatOf(options) }),
    ),
  );
  verb(program, 'backups', 'list what there is to restore, newest first; also of a deleted cluster', [
    'backups shop-eu',
    'backups shop-eu -o json',
    'backups shop-eu --delete',
  ])
    .argument('<name>', 'name of the cluster')
    .option('--delete', 'delete those of clusters of this name that are gone; asks first', false)
    .option('-y, --yes', 'with --delete: do not ask; required where there is no terminal', false)
    .action((cluster: string, options: Shared & { delete: boolean; yes: boolean }) =>
      run(async (session) => {
        const output = formatOf(options);
        if (!options.delete) return (await import('./verbs/backup.js')).backups(session, cluster, output);
        await (await import('./verbs/backups-delete.js')).deleteBackups(session, cluster, { ...options, output });
      }),
    );
  waiting(
    verb(
      program,
      'restore',
      'restore a backup in place, after the quorum or all servers are lost (asks first), or into a new cluster',
      [
        'restore shop-eu --wait',
        'restore shop-eu --from 2026-03-01T12:30 --yes --wait',
        'restore shop-eu --dry-run',
        'restore shop-eu --into shop-us -f shop-us.yaml --wait',
        'restore shop-eu --into shop-us --region us-east-1 --wait',
      ],
    ),
  )
    .option(
      '--from <time>',
      'the newest backup at or before this time (UTC), or the name of one; without it, the newest',
    )
    .option('-y, --yes', 'do not ask; required where there is no terminal', false)
    .option('--into <name>', 'make this new cluster from the backup; the old one may be gone')
    .option('-f, --file <file>', 'with --into: its document; without it the one stored with the backup')
    .option('--region <region>', 'with --into: the region, for the document stored with the backup')
    .option('--with-version', 'install the K3s version of the backup instead of that of the document', false)
    .option('--dry-run', 'show what would be restored and lost, and do nothing', false)
    .action((cluster: string, options: Shared & Omit<RestoreOptions, 'output'>) =>
      run(async (session) =>
        (await import('./verbs/restore.js')).restore(session, cluster, { ...options, output: formatOf(options) }),
      ),
    );
  waiting(
    verb(program, 'rotate', 'replace a secret while the cluster serves, a server at a time; asks first', [
      'rotate shop-eu certificates --wait',
      'rotate shop-eu certificates --dry-run',
    ]),
  )
    .addArgument(new Argument('<what>', 'what is replaced').choices(ROTATIONS))
    .option('-y, --yes', 'do not ask; required where there is no terminal', false)
    .option('--dry-run', 'show the steps, and do nothing', false)
    .action((cluster: string, what: Rotation, options: Shared & { wait: boolean; yes: boolean; dryRun: boolean }) =>
      run(async (session) =>
        (await import('./verbs/rotate.js')).rotate(session, cluster, what, { ...options, output: formatOf(options) }),
      ),
    );
  waiting(
    verb(program, 'delete', 'delete the cluster and all that was made for it; asks first', [
      'delete shop-eu --wait',
      'delete shop-eu --dry-run',
      'delete shop-eu --yes --wait',
    ]),
  )
    .option('-y, --yes', 'do not ask; required where there is no terminal', false)
    .option('--dry-run', 'show what would be deleted, and delete nothing', false)
    .action((cluster: string, options: Shared & { wait: boolean; yes: boolean; dryRun: boolean }) =>
      run(async (session) =>
        (await import('./verbs/delete.js')).remove(session, cluster, { ...options, output: formatOf(options) }),
      ),
    );
  waiting(
    verb(program, 'resize', 'another instance type, a node at a time', [
      'resize shop-eu --instance-type t3.large --wait',
      'resize shop-eu --pool workers --instance-type m6i.xlarge',
    ]),
  )
    .requiredOption('--instance-type <type>', 'EC2 instance type', nonEmpty)
    .option('--pool <pool>', 'of the agents of this pool; without it, of the servers')
    .action((cluster: string, options: Shared & { wait: boolean; instanceType: string; pool?: string }) =>
      run(async (session) => {
        const { instanceType, pool } = options;
        const payload = { instanceType, ...(pool === undefined ? {} : { pool }) };
        await (await import('./verbs/requests.js')).request(
          session,
          'resize',
          cluster,
          { ...options, output: formatOf(options) },
          payload,
        );
      }),
    );
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
    if (end.message !== '') say(io, `${end.message}${end.remedy === '' ? '' : `\n  -> ${end.remedy}`}`);
    return end.exitCode;
  }
}
