import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkflowBundle } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import { NO_SINKS } from '#src/worker/sinks.js';
import { installQuietRuntime } from '../support/quiet-runtime.js';
import { workflowBundle } from '../support/workflow-bundle.js';
import { decodeHistory } from './format.js';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith('.pb.gz'));

const history = (name: string) => decodeHistory(readFileSync(`${folder}${name}`));
/** As record.ts starts them: the workflow looks whether its id and the name of its cluster agree. */
const workflowIdIn = (name: string): string => (name.startsWith('create-dev') ? 'cluster/dev' : 'cluster/ha');

let unchanged: WorkflowBundle;
beforeAll(async () => {
  installQuietRuntime();
  unchanged = await workflowBundle();
});

/** Recorded by `npm run record` from runs on the local region: what the present code does must fit what was done then. */
describe('committed histories', () => {
  it('hold every operation', () => {
    const kinds = [
      'create-dev',
      'create-ha',
      'stop',
      'start',
      'resize',
      'resize-rolled-back',
      'add-agents',
      'remove-agents',
      'apply-config',
      'delete',
    ];
    expect(kinds.filter((kind) => !names.some((name) => name.startsWith(kind)))).toEqual([]);
  });

  it.each(names)('%s replays', async (name) => {
    await Worker.runReplayHistory({ workflowBundle: unchanged, sinks: NO_SINKS }, history(name), workflowIdIn(name));
  });

  it('do not replay against code that does one thing more', async () => {
    const changed = await workflowBundle([fileURLToPath(new URL('./another-order.ts', import.meta.url))]);
    const replay = Worker.runReplayHistory(
      { workflowBundle: changed, sinks: NO_SINKS },
      history('create-dev.pb.gz'),
      workflowIdIn('create-dev.pb.gz'),
    );
    await expect(replay).rejects.toThrow(DeterminismViolationError);
  });
});
