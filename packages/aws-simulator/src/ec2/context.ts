import type { MachineHost } from '../contract.js';
import type { LocalWorld } from '../world.js';
import type { Xml } from '../xml.js';
import type { Account } from './account.js';
import type { Lifecycle } from './lifecycle.js';
import type { Params } from './params.js';

/** Context of an action: the world, the machines and the account's state in the requested region. */
export interface Ec2Context {
  world: LocalWorld;
  host: MachineHost;
  lifecycle: Lifecycle;
  account: Account;
}

/** An API action: the elements of its answer, without requestId. */
export type Action = (context: Ec2Context, params: Params) => Answer | Promise<Answer>;
export type Answer = Record<string, Xml>;
