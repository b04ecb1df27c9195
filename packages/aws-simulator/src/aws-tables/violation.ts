/** Holds a request against the table. What is wrong is told in no service's words: those come in `words.ts`. */
import type { Bounds, CallTable, Limits, Member, Structure, Table, Type } from './table.js';

export type Violation =
  | { kind: 'unknown' | 'missing' | 'not-in-call'; path: string }
  | { kind: 'type'; path: string; value: unknown; wanted: string }
  | { kind: 'value'; path: string; value: string; allowed: readonly string[] }
  | { kind: 'range' | 'length' | 'items'; path: string; value: unknown; bounds: Bounds }
  | { kind: 'pattern'; path: string; value: string; pattern: string }
  | { kind: 'excluded'; path: string; other: string }
  | FilterViolation;

export type FilterViolation =
  | { kind: 'filter-name'; name: string }
  | { kind: 'filter-value'; name: string; value: string; allowed: readonly string[] }
  | { kind: 'filter-empty'; name: string }
  | { kind: 'filter-limit'; what: string; most: number }
  | { kind: 'filter-mixed'; name: string };

/** A request as the SDK's caller wrote it: members by their names in the SDK. */
export type Input = Readonly<Record<string, unknown>>;

interface Context {
  table: Table;
  call: string;
}

/** @returns the first thing in the request that the table does not allow, but for filters */
export function violationIn(table: Table, call: string, { input: name }: CallTable, input: Input): Violation | null {
  return inStructure({ table, call }, name, input, '');
}

function inStructure(context: Context, name: string, value: Input, path: string): Violation | null {
  const structure = context.table.structures[name] ?? {};
  const at = (member: string): string => (path === '' ? member : `${path}.${member}`);
  for (const member of Object.keys(value)) {
    if (!Object.hasOwn(structure, member)) return { kind: 'unknown', path: at(member) };
  }
  for (const [member, { required, at: place }] of Object.entries(structure)) {
    // REST: what is the whole body is read by the handler.
    if (required === true && place !== 'body' && isAbsent(value[member])) return { kind: 'missing', path: at(member) };
  }
  for (const [key, one] of Object.entries(value)) {
    const member = structure[key];
    if (member === undefined || isAbsent(one)) continue;
    if (member.notIn?.includes(context.call)) return { kind: 'not-in-call', path: at(key) };
    const found = inMember(context, member, one, at(key)) ?? byVolumeType(member, one, value, at(key));
    if (found !== null) return found;
  }
  return excluded(structure, value, at);
}

function excluded(structure: Structure, value: Input, at: (member: string) => string): Violation | null {
  for (const key of Object.keys(value)) {
    const other = structure[key]?.excludes?.find((one) => !isAbsent(value[one]));
    if (other !== undefined && !isAbsent(value[key])) return { kind: 'excluded', path: at(key), other: at(other) };
  }
  return null;
}

function inMember(context: Context, member: Member, value: unknown, path: string): Violation | null {
  const { type } = member;
  if (typeof type === 'string') return inValue(context, type, value, path) ?? inLimits(member, member, value, path);
  if ('*' in type) return inMap(context, type['*'], member, value, path);
  return inList(context, type[0], member, value, path);
}

function inMap(context: Context, type: Type, member: Member, value: unknown, path: string): Violation | null {
  if (!isInput(value)) return { kind: 'type', path, value, wanted: 'a map' };
  for (const [key, one] of Object.entries(value)) {
    if (member.values !== undefined && !member.values.includes(key))
      return { kind: 'value', path, value: key, allowed: member.values };
    const found = inMember(context, { type }, one, `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

function inList(context: Context, type: Type, member: Member, value: unknown, path: string): Violation | null {
  if (!Array.isArray(value)) return { kind: 'type', path, value, wanted: 'a list' };
  const { items, element = {}, values } = member;
  if (items !== undefined && !isWithin(value.length, items)) return { kind: 'items', path, value, bounds: items };
  for (const [index, one] of value.entries()) {
    const at = `${path}.${index + 1}`;
    // A length that the comment of a list tells is that of its texts.
    const limits: Limits = { ...(member.length !== undefined && { length: member.length }), ...element };
    const found =
      inMember(context, { type }, one, at) ?? inLimits({ ...limits, ...(values && { values }) }, member, one, at);
    if (found !== null) return found;
  }
  return null;
}

const PLAIN: Readonly<Record<string, { is: (value: unknown) => boolean; wanted: string }>> = {
  string: { is: (value) => typeof value === 'string', wanted: 'a text' },
  number: { is: (value) => typeof value === 'number' && Number.isFinite(value), wanted: 'a number' },
  boolean: { is: (value) => typeof value === 'boolean', wanted: 'true or false' },
  time: { is: (value) => typeof value === 'string' || typeof value === 'number', wanted: 'a time' },
  blob: { is: (value) => typeof value === 'string', wanted: 'bytes in base64' },
};

function inValue(context: Context, type: string, value: unknown, path: string): Violation | null {
  const plain = PLAIN[type];
  if (plain !== undefined) return plain.is(value) ? null : { kind: 'type', path, value, wanted: plain.wanted };
  if (!isInput(value)) return { kind: 'type', path, value, wanted: 'a structure' };
  return inStructure(context, type, value, path);
}

function inLimits(
  limits: Limits & Pick<Member, 'values'>,
  { type }: Member,
  value: unknown,
  path: string,
): Violation | null {
  const { range, length, pattern, values } = limits;
  if (typeof value === 'number') {
    return range !== undefined && !isWithin(value, range) ? { kind: 'range', path, value, bounds: range } : null;
  }
  if (typeof value !== 'string' || type === 'time' || type === 'blob') return null;
  if (values !== undefined && !values.includes(value)) return { kind: 'value', path, value, allowed: values };
  if (length !== undefined && !isWithin([...value].length, length))
    return { kind: 'length', path, value, bounds: length };
  if (pattern !== undefined && !new RegExp(`^(?:${pattern})$`, 'su').test(value))
    return { kind: 'pattern', path, value, pattern };
  return null;
}

function byVolumeType({ rangeOf }: Member, value: unknown, beside: Input, path: string): Violation | null {
  const bounds = rangeOf?.[String(beside['VolumeType'])];
  if (bounds === undefined || typeof value !== 'number' || isWithin(value, bounds)) return null;
  return { kind: 'range', path, value, bounds };
}

export function isInput(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

function isWithin(size: number, [least, most]: Bounds): boolean {
  return (least === null || size >= least) && (most === null || size <= most);
}
