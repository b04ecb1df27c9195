/** What someone does at the region's own desk. Each gives the status of the answer. */
import { serveGhosts } from '../../../../packages/aws-simulator/src/haunting.js';
import { serveTampering } from '../../../../packages/aws-simulator/src/tampering.js';
import type { Rig } from './rig.js';

const bodyOf = (value: unknown) => Buffer.from(JSON.stringify(value));

export async function tamper({ world, host }: Rig, id: string, wanted: unknown): Promise<number> {
  return (await serveTampering(world, host, id, bodyOf(wanted))).status;
}

export async function haunt({ world, host }: Rig, ghost: unknown): Promise<number> {
  return (await serveGhosts(world, host, bodyOf(ghost))).status;
}
