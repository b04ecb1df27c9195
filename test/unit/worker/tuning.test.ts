import { compileWorkerOptions } from '@temporalio/worker/lib/worker-options.js';
import { expect, it } from 'vitest';
import { TUNING } from '#src/worker/tuning.js';

const meter = {} as Parameters<typeof compileWorkerOptions>[2];
const logger = { warn: () => undefined } as unknown as Parameters<typeof compileWorkerOptions>[1];

it('leaves a slow workflow task to the time-out of Temporal, 10 s: the limit of the SDK would end the process', () => {
  const { isolateExecutionTimeoutMs } = compileWorkerOptions({ ...TUNING, taskQueue: 'keelson' }, logger, meter);

  expect(isolateExecutionTimeoutMs).toBeGreaterThan(10_000);
});
