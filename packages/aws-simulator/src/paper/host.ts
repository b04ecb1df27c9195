/** The third machine host: instances are folders without processes, whose scripts are answered by rule. */
import type { World } from '../contract.js';
import { Machines } from '../machine/host.js';
import { PaperMachine } from './machine.js';

export function createPaperHost(world: World): Machines {
  const machines: Machines = new Machines(world, (...of) => new PaperMachine(machines, ...of));
  return machines;
}
