import { setFlagsFromString } from 'node:v8';

/** V8's own value. */
const USUAL = 10;

/**
 * Creates a worker whose workflows record no stacks. The SDK records one for each promise of a workflow, which costs more than half of the
 * CPU time of workflows. A replay of the history shows the stack of a failure. [docs/adr/0017]
 *
 * @param create makes the contexts in which workflows run; earlier ones keep their stacks
 */
export async function withoutWorkflowStacks<T>(create: () => Promise<T>): Promise<T> {
  setFlagsFromString('--stack-trace-limit=0');
  try {
    return await create();
  } finally {
    setFlagsFromString(`--stack-trace-limit=${USUAL}`);
  }
}
