import { RawValue } from '@temporalio/common';
import { getActivator } from '@temporalio/workflow/lib/global-attributes.js';

/** What the Web UI's tab Call Stack asks. [temporal api: reserved queries] */
const STACK_TRACE = '__stack_trace';

const WITHOUT_STACKS = 'Workers record no stacks of workflows, for speed (docs/adr/0017-workflows-without-stacks.md).';

/**
 * Answers the Web UI's tab Call Stack, which shows an error for a workflow without stacks. The SDK lets no one set a handler of this name, so its own is replaced.
 *
 * @param waitsFor what the workflow waits for, a line each
 */
export function answerCallStack(waitsFor: () => readonly string[]): void {
  getActivator().queryHandlers.set(STACK_TRACE, {
    handler: () => new RawValue([WITHOUT_STACKS, ...waitsFor()].join('\n')),
    description: 'What the workflow waits for; workers record no stacks',
  });
}
