import { type Command, Option } from 'commander';
import { addCommand, fileOption, formatOf, type Runner, type Shared } from './command-kit.js';
import type { Io } from './io.js';

/** `keelson validate`, `plan` and `apply`: what works with a document. */
export function documentCommands(program: Command, run: Runner, io: Io): void {
  addCommand(program, 'validate', 'list every problem of a document at once', [
    'validate -f shop-eu.yaml',
    'validate -f - < cluster.yaml',
  ])
    .addOption(new Option('-f, --file <files...>', 'cluster documents, YAML or JSON; - is stdin').makeOptionMandatory())
    // Without a session: the environment's own checks cost more than those of a document.
    .action(async (options: Shared & { file: string[] }) =>
      (await import('./commands/validate.js')).validate({ io }, { ...options, output: formatOf(options) }),
    );
  addCommand(
    program,
    'plan',
    'show what apply would do, step by step; changes nothing',
    ['plan -f shop-eu.yaml', 'plan -f cluster.yaml -o json'],
    ['wide'],
  )
    .addOption(fileOption())
    .action((options: Shared & { file: string }) =>
      run(async (session) =>
        (await import('./commands/plan.js')).plan(session, { ...options, output: formatOf(options) }),
      ),
    );
  addCommand(
    program,
    'apply',
    'create the cluster, or change it to match the document',
    ['apply -f shop-eu.yaml --wait', 'apply -f cluster.yaml --plan-id 7c1f09ab12cd34ef'],
    ['wide'],
  )
    .addOption(fileOption())
    .option('-w, --wait', 'wait for completion and show per-node progress', false)
    .option('--plan-id <id>', 'apply only if the plan still has this id, which `keelson plan` shows')
    .option(
      '--adopt <uid>',
      'take over the resources of this uid, although another workflow owns them; it must be gone',
    )
    .action((options: Shared & { file: string; wait: boolean; planId?: string; adopt?: string }) =>
      run(async (session) =>
        (await import('./commands/apply.js')).apply(session, { ...options, output: formatOf(options) }),
      ),
    );
}
