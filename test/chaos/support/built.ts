/** The compiled program: Temporal, worker and region are started as people start them. */
async function built<T>(path: string): Promise<T> {
  return (await import(new URL(`../../../dist/${path}`, import.meta.url).href)) as T;
}

export const { createChildren } = await built<typeof import('../../../src/local/children.js')>('local/children.js');
export const { startTemporal } = await built<typeof import('../../../src/local/temporal.js')>('local/temporal.js');
export const { startWorker } =
  await built<typeof import('../../../src/local/worker-process.js')>('local/worker-process.js');
export const { keyVariables, localEnvironment, localVariables } =
  await built<typeof import('../../../src/local/local-env.js')>('local/local-env.js');
export const { startRegion } = await built<typeof import('../../../src/region/server.js')>('region/server.js');
export const { createMachineHost } =
  await built<typeof import('../../../src/region/machine/host.js')>('region/machine/host.js');
