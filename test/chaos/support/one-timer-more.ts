import { sleep, type WorkflowInterceptors } from '@temporalio/workflow';

/** Workflow code that leaves a timer in the history which ours would not: as good as ours, but what it has done we cannot replay. */
export const interceptors = (): WorkflowInterceptors => ({
  inbound: [
    {
      async execute(input, next) {
        void sleep('1s');
        return next(input);
      },
    },
  ],
});
