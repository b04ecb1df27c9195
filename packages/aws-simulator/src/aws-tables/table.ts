/**
 * What AWS takes, call by call: one file a service from the schemas and doc comments of the AWS SDK that is installed, `limits.json`
 * from botocore's models. Both are made by `npm run aws-tables`; nothing here is written from memory.
 */
import { readFileSync } from 'node:fs';
import type { AwsCall } from '../contract.js';

/** A plain type, the name of a structure, a list of one kind (`[type]`) or a map to one kind. */
export type Type = string | readonly [Type] | { readonly '*': Type };

/** Least and most; null is an open end. */
export type Bounds = readonly [number | null, number | null];

export interface Limits {
  /** Of a number. */
  range?: Bounds;
  /** Of a text, in characters. */
  length?: Bounds;
  /** Of a list. */
  items?: Bounds;
  /** That a whole text fits. */
  pattern?: string;
}

export interface Member extends Limits {
  type: Type;
  /** Its name in the request, where that is another than in the SDK. */
  wire?: string;
  /** REST: where in the request. `headers` are all that begin with `wire`. */
  at?: 'path' | 'query' | 'header' | 'headers' | 'body';
  required?: boolean;
  /** The texts that are taken; of a list its elements, of a map its keys. */
  values?: readonly string[];
  /** Members that cannot stand beside it. */
  excludes?: readonly string[];
  /** A filter that cannot stand beside it, with its value. */
  excludesFilter?: Readonly<Record<string, string>>;
  /** Calls in which it is refused, though the structure has it. */
  notIn?: readonly string[];
  /** Range by the type of the volume. */
  rangeOf?: Readonly<Record<string, Bounds>>;
  /** Of a list of filters: one by tag stands alone. */
  tagsAlone?: boolean;
  /** Items on a page where the request does not say. */
  page?: number;
  /** Limits of a list's elements. */
  element?: Limits;
}

export type Structure = Readonly<Record<string, Member>>;
/** By name, `tag:*` for all tags; null where any value goes. */
export type Filters = Readonly<Record<string, readonly string[] | null>>;

export interface CallTable {
  /** Name of its input's structure. */
  input: string;
  http?: string;
  filters?: Filters;
}

export interface Table {
  calls: Readonly<Record<string, CallTable>>;
  structures: Readonly<Record<string, Structure>>;
}

const tables = new Map<AwsCall['service'], Table>();

/** The table of a service, read once. */
export function tableOf(service: AwsCall['service']): Table {
  const known = tables.get(service);
  if (known !== undefined) return known;
  const table = read(`${service}.json`) as Table;
  const limits = (read('limits.json') as Record<string, Record<string, Limits>>)[service] ?? {};
  const structures = Object.fromEntries(
    Object.entries(table.structures).map(([name, structure]) => [name, limited(name, structure, limits)]),
  );
  const whole = { calls: table.calls, structures };
  tables.set(service, whole);
  return whole;
}

function read(file: string): unknown {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'));
}

/** Both sources together: where they differ, the stricter. */
function limited(name: string, structure: Structure, limits: Record<string, Limits>): Structure {
  return Object.fromEntries(
    Object.entries(structure).map(([key, member]): [string, Member] => {
      const more = limits[`${name}.${key}`] ?? {};
      const element = limits[`${name}.${key}[]`];
      return [key, { ...member, ...stricter(member, more), ...(element !== undefined && { element }) }];
    }),
  );
}

function stricter(a: Limits, b: Limits): Limits {
  const all: Limits = { ...a, ...b };
  for (const key of ['range', 'length', 'items'] as const) {
    const [one, other] = [a[key], b[key]];
    if (one !== undefined && other !== undefined)
      all[key] = [end(one[0], other[0], Math.max), end(one[1], other[1], Math.min)];
  }
  return all;
}

function end(a: number | null, b: number | null, choose: (a: number, b: number) => number): number | null {
  if (a === null) return b;
  return b === null ? a : choose(a, b);
}
