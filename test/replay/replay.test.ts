import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import {
  bundleWorkflowCode,
  DefaultLogger,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('./histories/', import.meta.url));
const names = readdirSync(folder).filter((name) => name.endsWith('.json.gz'));

let workflowBundle: WorkflowBundleWithSourceMap;
beforeAll(async () => {
  Runtime.install({
    logger: new DefaultLogger('ERROR'),
    telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } },
  });
  const workflowsPath = fileURLToPath(new URL('../../src/workflows/index.ts', import.meta.url));
  workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
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
      'add-agents',
      'remove-agents',
      'apply-config',
      'delete',
    ];
    expect(kinds.filter((kind) => !names.some((name) => name.startsWith(kind)))).toEqual([]);
  });

  it.each(names)('%s replays', async (name) => {
    const history = historyFromJSON(JSON.parse(gunzipSync(readFileSync(`${folder}${name}`)).toString('utf8')));
    await Worker.runReplayHistory({ workflowBundle }, history, 'cluster/replayed');
  });
});
