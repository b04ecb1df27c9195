import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Row } from './report.js';

const WORKFLOWS = 100;
const BUNDLE = 'dist/workflow-bundle.js';
/** Promised: what loading costs a workflow that enters the cache of a worker. */
const LIMIT = { heapKiB: 1_000, cpuMs: 30 };

/** The SDK's own loader of workflows, which it does not export. */
interface Loader {
  createWorkflow(options: object): Promise<unknown>;
}
const require = createRequire(import.meta.url);
const { ReusableVMWorkflowCreator } = require('../node_modules/@temporalio/worker/lib/workflow/reusable-vm.js') as {
  ReusableVMWorkflowCreator: {
    create(bundle: object, timeoutMs: number, activities: ReadonlySet<string>): Promise<Loader>;
  };
};

/** What a workflow costs the worker that caches it, before it has done anything: the modules of the bundle that it loads for itself. */
export async function benchCached(): Promise<Row[]> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const sourceMap = JSON.stringify({ version: 3, sources: [], names: [], mappings: '' });
  const bundle = { code: readFileSync(BUNDLE, 'utf8'), sourceMap, filename: BUNDLE };
  const loader = await ReusableVMWorkflowCreator.create(bundle, 60_000, new Set());
  collect();
  const before = process.memoryUsage().heapUsed;
  const cpu = process.cpuUsage();
  const kept: unknown[] = [];
  for (let index = 0; index < WORKFLOWS; index += 1) {
    const id = `cluster/cached-${index}`;
    const info = { runId: id, workflowId: id, workflowType: 'cluster', unsafe: {} };
    kept.push(await loader.createWorkflow({ info, randomnessSeed: [index], now: 0, showStackTraceSources: false }));
  }
  const { user, system } = process.cpuUsage(cpu);
  collect();
  const heap = process.memoryUsage().heapUsed - before;
  return [
    { case: 'heap of a cached workflow', workflows: kept.length, kiB: heap / WORKFLOWS / 1_024, limit: LIMIT.heapKiB },
    {
      case: 'CPU time to load it',
      workflows: kept.length,
      ms: (user + system) / 1_000 / WORKFLOWS,
      limit: LIMIT.cpuMs,
    },
  ];
}
