import { sleep, type WorkflowInterceptors } from '@temporalio/workflow';

/** What a careless change of workflow code does: a timer that the recorded runs never had. */
export const interceptors = (): WorkflowInterceptors => ({
  inbound: [
    {
      async execute(input, next) {
        await sleep('1s');
        return next(input);
      },
    },
  ],
});
