import type { WorkflowInterceptors } from '@temporalio/workflow';
import { getActivator } from '@temporalio/workflow/lib/global-attributes.js';

/** So few that a new history is suggested in the middle of every operation. */
const EVENTS = 12;

/**
 * Suggests continue-as-new as a server does, only far earlier: the time-skipping server never suggests it. The length of the
 * history is the same in a replay, and so is what follows from it.
 */
export const interceptors = (): WorkflowInterceptors => ({
  internals: [
    {
      activate(input, next) {
        getActivator().mutateWorkflowInfo((info) => ({
          ...info,
          continueAsNewSuggested: info.historyLength >= EVENTS,
        }));
        next(input);
      },
    },
  ],
});
