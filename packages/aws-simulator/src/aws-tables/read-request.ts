/** Reads a request of any of the protocols into the form that the table describes: members by their names in the SDK. */
import { AwsError } from '../aws-error.js';
import type { AwsCall } from '../contract.js';
import { formOf } from '../ec2/form.js';
import { readJsonBody } from '../json-body.js';
import { readRest } from './read-rest.js';
import type { CallTable, Member, Structure, Table, Type } from './table.js';
import type { Input } from './violation.js';

/** @throws AwsError `SerializationException` for a body that is not a JSON object, `UnknownParameter` of EC2 */
export function readRequest(table: Table, call: AwsCall, { input: name, http = '' }: CallTable): Input {
  switch (call.service) {
    case 'ec2':
    case 'sts':
      return readStructure(table, name, treeOf(formOf(call)), '');
    case 'ssm':
    case 'sqs':
      return readJsonBody(call.body);
    case 's3':
      return readRest(table.structures[name] ?? {}, call, http);
  }
}

/** A leaf is a text. */
type Tree = Map<string, Tree | string>;

/** Of every call of the Query protocol. */
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

/** @throws AwsError `UnknownParameter`: only here a name is seen as it was sent */
function readStructure(table: Table, name: string, tree: Tree, path: string): Input {
  const members = table.structures[name] ?? {};
  const known = byWireName(members);
  return Object.fromEntries(
    [...tree].map(([wire, value]) => {
      const found = known.get(wire);
      if (found === undefined)
        throw new AwsError('UnknownParameter', 400, `The parameter ${path}${wire} is not recognized`);
      const [member, { type }] = found;
      return [member, readValue(table, type, value, `${path}${wire}.`)];
    }),
  );
}

/** Each name begins with a capital, `InstanceId`, as EC2 writes it. [smithy: ec2Query] */
function byWireName(members: Structure): Map<string, [string, Member]> {
  return new Map(
    Object.entries(members).map(([name, member]) => {
      const wire = member.wire ?? name;
      return [wire.charAt(0).toUpperCase() + wire.slice(1), [name, member]];
    }),
  );
}

/** What does not fit its type stays as it came: the table says so. */
function readValue(table: Table, type: Type, value: Tree | string, path: string): unknown {
  if (typeof type !== 'string') {
    if ('*' in type || !(value instanceof Map)) return value;
    const inOrder = [...value].sort(([a], [b]) => Number(a) - Number(b));
    if (!inOrder.every(([index]) => /^\d+$/.test(index))) return Object.fromEntries(value);
    return inOrder.map(([index, one]) => readValue(table, type[0], one, `${path}${index}.`));
  }
  if (value instanceof Map) return readStructure(table, type, value, path);
  if (type === 'number' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (type === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}
