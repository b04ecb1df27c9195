/** Requests of someone else at the simulator's admin API. Each returns the status of the answer. */

import { serveMachineChange } from '../../../../packages/aws-simulator/src/machine-changes.js';
import { serveStaleNodes } from '../../../../packages/aws-simulator/src/stale-nodes.js';
import type { RegionFixture } from './fixture.js';

const bodyOf = (value: unknown) => Buffer.from(JSON.stringify(value));

export async function changeMachine({ world, host }: RegionFixture, id: string, wanted: unknown): Promise<number> {
  return (await serveMachineChange(world, host, id, bodyOf(wanted))).status;
}

export async function addStaleNode({ world, host }: RegionFixture, staleNode: unknown): Promise<number> {
  return (await serveStaleNodes(world, host, bodyOf(staleNode))).status;
}
