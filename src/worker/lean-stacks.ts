import { setFlagsFromString } from 'node:v8';

/** V8's own value. */
const USUAL = 10;

/**
 * Creates a worker whose workflows take down no stacks. The SDK takes one down for each promise that a workflow makes: more than half of
 * the CPU time of workflows goes there. A replay of the history shows the stack of a failure that is looked into. [docs/adr/0017]
 *
 * @param create makes the contexts in which workflows run; those that were there before keep their stacks
 */
export async function withoutWorkflowStacks<T>(create: () => Promise<T>): Promise<T> {
  setFlagsFromString('--stack-trace-limit=0');
  try {
    return await create();
  } finally {
    setFlagsFromString(`--stack-trace-limit=${USUAL}`);
  }
}
