import type { WorkflowInterceptors } from '@temporalio/workflow';
import { getActivator } from '@temporalio/workflow/lib/global-attributes.js';

/** After a signal: by then the first step of the operation that it asks for has ended, and the last has not begun. */
const EVENTS = 10;

/**
 * Suggests continue-as-new as a server does, but in the middle of each operation; the time-skipping server never suggests it.
 * Signals and the length of the history are the same in a replay, and so is what follows from them.
 */
export const interceptors = (): WorkflowInterceptors => {
  let signalledAt: number | null = null;
  return {
    internals: [
      {
        activate(input, next) {
          const { historyLength } = getActivator().info;
          if (input.activation.jobs?.some((job) => job.signalWorkflow)) signalledAt = historyLength;
          const continueAsNewSuggested = signalledAt !== null && historyLength >= signalledAt + EVENTS;
          getActivator().mutateWorkflowInfo((info) => ({ ...info, continueAsNewSuggested }));
          next(input);
        },
      },
    ],
  };
};
