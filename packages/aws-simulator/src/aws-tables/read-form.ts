/** Reads the forms of EC2's protocol and of the Query protocol: one parameter for each text, its path by dots. [smithy: ec2Query, awsQuery] */
import type { AwsCall } from '../contract.js';
import { formOf } from '../ec2/form.js';
import type { CallTable, Member, Structure, Table, Type } from './table.js';
import type { Input } from './violation.js';
import { refusalFor } from './words.js';

/** A leaf is a text. */
type Tree = Map<string, Tree | string>;

interface Reading {
  table: Table;
  call: AwsCall;
}

/** @throws AwsError for a parameter that the call does not have: only here its name is seen as it was sent */
export function readForm(table: Table, call: AwsCall, { input: name }: CallTable): Input {
  return readStructure({ table, call }, name, treeOf(formOf(call)), '');
}

/** Of every call of both protocols. */
const OF_THE_PROTOCOL = ['Action', 'Version'];

/** `Filter.1.Value.2=x` as a tree; a text where there are branches too is lost, which AWS's SDKs never send. */
function treeOf(form: URLSearchParams): Tree {
  const root: Tree = new Map();
  for (const [path, value] of form) {
    if (OF_THE_PROTOCOL.includes(path)) continue;
    const parts = path.split('.');
    const last = parts.pop() ?? '';
    let branch = root;
    for (const part of parts) {
      const below = branch.get(part);
      const next: Tree = below instanceof Map ? below : new Map<string, Tree | string>();
      branch.set(part, next);
      branch = next;
    }
    branch.set(last, value);
  }
  return root;
}

function readStructure(reading: Reading, name: string, tree: Tree, path: string): Input {
  const { table, call } = reading;
  const known = byWireName(table.structures[name] ?? {}, call.service);
  return Object.fromEntries(
    [...tree].map(([wire, value]) => {
      const found = known.get(wire);
      if (found === undefined) throw refusalFor(call.service, call.action, { kind: 'unknown', path: `${path}${wire}` });
      const [member, { type }] = found;
      return [member, readValue(reading, type, value, `${path}${wire}.`)];
    }),
  );
}

/** EC2 writes each name with a capital, `InstanceId`. */
function byWireName(members: Structure, service: AwsCall['service']): Map<string, [string, Member]> {
  return new Map(
    Object.entries(members).map(([name, member]) => {
      const wire = member.wire ?? name;
      return [service === 'ec2' ? wire.charAt(0).toUpperCase() + wire.slice(1) : wire, [name, member]];
    }),
  );
}

/** What does not fit its type stays as it came: the table says so. */
function readValue(reading: Reading, type: Type, value: Tree | string, path: string): unknown {
  if (typeof type !== 'string') {
    if ('*' in type) return readMap(reading, type['*'], value, path);
    const items = itemsOf(reading, value, 'member');
    if (items === null) return value instanceof Map ? Object.fromEntries(value) : value;
    return items.map(([index, one]) => readValue(reading, type[0], one, `${path}${index}.`));
  }
  if (value instanceof Map) return readStructure(reading, type, value, path);
  if (type === 'number' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

/** `MessageAttributes.entry.1.Name=type&MessageAttributes.entry.1.Value.DataType=String` [SNS API: Publish]; EC2 has no maps. */
function readMap(reading: Reading, type: Type, value: Tree | string, path: string): unknown {
  const entries = itemsOf(reading, value, 'entry')?.map(([index, entry]): [unknown, unknown] => {
    if (!(entry instanceof Map)) return [undefined, entry];
    return [entry.get('Name'), readValue(reading, type, entry.get('Value') ?? '', `${path}entry.${index}.Value.`)];
  });
  return entries?.every(([name]) => typeof name === 'string') === true ? Object.fromEntries(entries) : value;
}

/** `Name.1`, or in the Query protocol `Name.member.1`, in order; an empty list is an empty text there. Null for what is numbered otherwise. */
function itemsOf({ call }: Reading, value: Tree | string, below: string): [string, Tree | string][] | null {
  if (call.service !== 'ec2' && value === '') return [];
  if (!(value instanceof Map)) return null;
  const numbered = call.service === 'ec2' ? value : value.get(below);
  if (!(numbered instanceof Map) || ![...numbered.keys()].every((index) => /^\d+$/.test(index))) return null;
  return [...numbered].sort(([a], [b]) => Number(a) - Number(b));
}
