/** The compiled program: Temporal, worker and region are started as people start them. */
async function built<T>(path: string): Promise<T> {
  return (await import(new URL(`../../../packages/${path}`, import.meta.url).href)) as T;
}

export const { createChildren } =
  await built<typeof import('../../../packages/local-stack/src/children.js')>('local-stack/dist/children.js');
export const { startTemporal } =
  await built<typeof import('../../../packages/local-stack/src/temporal.js')>('local-stack/dist/temporal.js');
export const { startWorker } = await built<typeof import('../../../packages/local-stack/src/worker-process.js')>(
  'local-stack/dist/worker-process.js',
);
export const { keyVariables, localVariables } = await built<
  typeof import('../../../packages/local-stack/src/local-env.js')
>('local-stack/dist/local-env.js');
export const { startRegion } =
  await built<typeof import('../../../packages/aws-simulator/src/server.js')>('aws-simulator/dist/server.js');
export const { createMachineHost } = await built<typeof import('../../../packages/aws-simulator/src/machine/host.js')>(
  'aws-simulator/dist/machine/host.js',
);
