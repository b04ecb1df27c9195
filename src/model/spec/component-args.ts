import { baseKey } from '../k3s/keys.js';
import type { ClusterSpec } from './schema.js';

/** One entry of `kubelet-arg` or its like. */
export interface ComponentArg {
  /** `kubelet-arg`, without a `+`. */
  key: string;
  name: string;
  /** Null for a name alone, which a program reads as true. */
  value: string | null;
  path: (string | number)[];
}

type Config = ClusterSpec['k3s']['config'];

/** K3s cuts leading dashes and splits at the first `=`; `name+=` and `name-=` add in front or behind. [k3s source: pkg/util/args.go] */
const ENTRY = /^(?:--)?([A-Za-z][\w.-]*?)(?:[+-]?=(.*))?$/s;

/** Returns the readable entries of a configuration, in its order. The last one of a name counts. */
export function componentArgs(config: Config, path: (string | number)[]): ComponentArg[] {
  return Object.entries(config).flatMap(([written, value]) => {
    const key = baseKey(written);
    if (!key.endsWith('-arg')) return [];
    return [value].flat().flatMap((entry, index): ComponentArg[] => {
      const [, name, given] = ENTRY.exec(String(entry)) ?? [];
      if (name === undefined) return [];
      const at = [...path, written, ...(Array.isArray(value) ? [index] : [])];
      return [{ key, name, value: given ?? null, path: at }];
    });
  });
}

/** Returns the entry that counts. */
export const lastArg = (args: readonly ComponentArg[], key: string, ...names: string[]): ComponentArg | undefined =>
  args.findLast((arg) => arg.key === key && names.includes(arg.name));
