/** Context of every SSM call, and the reading of its JSON. */
import type { World } from '../contract.js';
import type { ManagedHost } from '../machine/managed.js';
import type { Commands } from './command.js';

export interface SsmContext {
  world: World;
  machines: ManagedHost;
  commands: Commands;
  account: string;
  region: string;
  /** Returns whether the caller may send a command to an instance. */
  mayCommand(instanceId: string): Promise<boolean>;
}

export type Input = Record<string, unknown>;

export function text(input: Input, name: string): string | undefined {
  const value = input[name];
  return typeof value === 'string' ? value : undefined;
}

export function number(input: Input, name: string, otherwise: number): number {
  const value = input[name];
  return typeof value === 'number' ? value : otherwise;
}

export function texts(input: Input, name: string): string[] {
  const value = input[name];
  return Array.isArray(value) ? value.map(String) : [];
}

/** Returns a list of objects: filters, targets. */
export function objects(input: Input, name: string): Input[] {
  const value = input[name];
  return Array.isArray(value) ? value.filter((item): item is Input => typeof item === 'object' && item !== null) : [];
}

/** Epoch seconds, as the JSON protocol writes times. */
export function seconds(ms: number): number {
  return ms / 1000;
}

/** Returns one page of a list: NextToken is the index of the next. */
export function page<T>(items: T[], input: Input, otherwise: number): { items: T[]; NextToken?: string } {
  const from = Number(text(input, 'NextToken') ?? 0);
  const size = number(input, 'MaxResults', otherwise);
  const next = from + size;
  return { items: items.slice(from, next), ...(next < items.length ? { NextToken: String(next) } : {}) };
}
