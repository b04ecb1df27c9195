import { Argument, type Command } from 'commander';
import { ROTATIONS, type Rotation } from '../model/rotation/state.js';
import { addCommand, formatOf, type Runner, type Shared, waiting } from './command-kit.js';
import type { RestoreOptions } from './commands/restore-into.js';
import type { RotateOptions } from './commands/rotate.js';

/** Backups of etcd: taken, listed, restored, proven, and the secrets that are replaced behind one. */
export function backupCommands(program: Command, run: Runner): void {
  waiting(
    addCommand(program, 'backup', 'save an etcd snapshot to the bucket now', [
      'backup shop-eu --wait',
      'backup shop-eu -w -o json',
    ]),
  ).action((cluster: string, options: Shared & { wait: boolean }) =>
    run(async (session) =>
      (await import('./commands/backup.js')).backup(session, cluster, { ...options, output: formatOf(options) }),
    ),
  );
  addCommand(program, 'backups', 'list the backups, newest first; also of a deleted cluster', [
    'backups shop-eu',
    'backups shop-eu -o json',
    'backups shop-eu --delete',
  ])
    .argument('<name>', 'name of the cluster')
    .option('--delete', 'delete the backups of deleted clusters of this name; asks first', false)
    .option('-y, --yes', 'with --delete: do not ask; required where there is no terminal', false)
    .action((cluster: string, options: Shared & { delete: boolean; yes: boolean }) =>
      run(async (session) => {
        const output = formatOf(options);
        if (!options.delete) return (await import('./commands/backup.js')).backups(session, cluster, output);
        await (await import('./commands/backups-delete.js')).deleteBackups(session, cluster, { ...options, output });
      }),
    );
  waiting(
    addCommand(
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
      'restore the newest backup at or before this time (UTC), or the one of this name (default: the newest)',
    )
    .option('-y, --yes', 'do not ask; required where there is no terminal', false)
    .option('--into <name>', 'create this new cluster from the backup; the old one may be gone')
    .option('-f, --file <file>', 'with --into: document of the new cluster (default: the one stored with the backup)')
    .option('--region <region>', 'with --into: region of the new cluster, for the document stored with the backup')
    .option('--with-version', 'install the K3s version of the backup instead of that of the document', false)
    .option('--dry-run', 'show what would be restored and lost, and do nothing', false)
    .action((cluster: string, options: Shared & Omit<RestoreOptions, 'output'>) =>
      run(async (session) =>
        (await import('./commands/restore.js')).restore(session, cluster, { ...options, output: formatOf(options) }),
      ),
    );
  waiting(
    addCommand(
      program,
      'drill',
      'test the newest backup: restore it on a temporary machine, which is terminated afterwards',
      ['drill shop-eu --wait', 'drill shop-eu --wait -o json'],
    ),
  ).action((cluster: string, options: Shared & { wait: boolean }) =>
    run(async (session) =>
      (await import('./commands/drill.js')).drill(session, cluster, { ...options, output: formatOf(options) }),
    ),
  );
  waiting(
    addCommand(
      program,
      'rotate',
      'replace a secret while the cluster serves, one server at a time; asks first',
      [
        'rotate shop-eu certificates --wait',
        'rotate shop-eu certificates --dry-run',
        'rotate shop-eu certificates --cancel',
      ],
      ['wide'],
    ),
  )
    .addArgument(new Argument('<what>', 'what to replace').choices(ROTATIONS))
    .option('-y, --yes', 'do not ask; required where there is no terminal', false)
    .option('--dry-run', 'show the steps, and do nothing', false)
    .option('--cancel', 'end the rotation that is under way, where that is safe', false)
    .action((cluster: string, what: Rotation, options: Omit<RotateOptions, 'output'> & Shared) =>
      run(async (session) =>
        (await import('./commands/rotate.js')).rotate(session, cluster, what, {
          ...options,
          output: formatOf(options),
        }),
      ),
    );
}
