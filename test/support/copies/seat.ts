import { condition, defineSignal, makeContinueAsNewFunc, setHandler } from '@temporalio/workflow';
import type { cluster } from '#src/workflows/cluster/workflow.js';

type Carried = Parameters<typeof cluster>;

/** Runs under a cluster's workflow id until it is told document and state, and continues with them as the cluster's workflow: as after a continue-as-new. */
export async function seat(): Promise<void> {
  let carried: Carried | null = null;
  setHandler(defineSignal<Carried>('begin'), (...given) => {
    carried = given;
  });
  await condition(() => carried !== null);
  const begin = makeContinueAsNewFunc<typeof cluster>({ workflowType: 'cluster', taskQueue: 'keelson' });
  await begin(...(carried as unknown as Carried));
}
