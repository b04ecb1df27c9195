// Reads the schemas that the AWS SDK serialises by: what members a request has, of what type, under what name they travel.
// A schema is an array, `[kind, namespace, name, traits, ...]`, or a number for a plain type; a function gives it later, so that
// structures may refer to each other. [@smithy/types, schema]
const KIND = { list: 1, map: 2, structure: 3, union: 4 };
const LIST_OF = 64;
const MAP_OF = 128;
const PLAIN = {
  0: 'string',
  1: 'number',
  2: 'boolean',
  4: 'time',
  5: 'time',
  6: 'time',
  7: 'time',
  21: 'blob',
  42: 'blob',
};
/** Traits that are a single bit. [@smithy/types, traits] */
const BIT = { httpLabel: 1, httpPayload: 16 };

/**
 * @param sdk the client package's exports
 * @returns the structures of the calls' requests by name, each a map of member to `{ type, wire, at, required }`
 */
export function structuresOf(sdk, calls) {
  const structures = new Map();
  const inputs = new Map(
    calls.map((call) => {
      const operation = sdk[`${call}$`];
      if (operation === undefined) throw new Error(`the installed SDK has no call ${call}`);
      return [call, { input: typeOf(operation[4], structures), http: operation[3]?.http }];
    }),
  );
  return { inputs, structures };
}

const resolve = (schema) => (typeof schema === 'function' ? schema() : schema);

/** @returns `string`, a structure's name, or an array (list) or object (map) of such */
function typeOf(schema, structures) {
  const resolved = resolve(schema);
  if (typeof resolved === 'number') {
    if (resolved >= MAP_OF) return { '*': typeOf(resolved - MAP_OF, structures) };
    if (resolved >= LIST_OF) return [typeOf(resolved - LIST_OF, structures)];
    const plain = PLAIN[resolved];
    if (plain === undefined) throw new Error(`a schema of the SDK has the type ${resolved}, which is not known here`);
    return plain;
  }
  const [kind, namespace, name] = resolved;
  // A schema with traits and nothing else, e.g. `[() => InstanceIdStringList, { xmlName: 'InstanceId' }]`.
  if (typeof kind !== 'number' || typeof namespace !== 'string') return typeOf(kind, structures);
  if (kind === KIND.list) return [typeOf(resolved[4], structures)];
  if (kind === KIND.map) return { '*': typeOf(resolved[5], structures) };
  if (kind === KIND.structure || kind === KIND.union) {
    if (!structures.has(name)) readStructure(name, resolved, structures);
    return name;
  }
  return typeOf(resolved[4], structures);
}

function readStructure(name, [, , , , members, schemas, required = 0], structures) {
  const structure = new Map();
  structures.set(name, structure);
  members.forEach((member, index) => {
    const schema = schemas[index];
    // The members that a request must have come first.
    structure.set(member, {
      type: typeOf(schema, structures),
      ...traitsOf(member, schema),
      required: index < required,
    });
  });
}

/** The name on the wire, and for REST where it stands. */
function traitsOf(member, schema) {
  const traits = isMember(schema) ? schema[1] : 0;
  if (typeof traits === 'number') {
    if (traits & BIT.httpLabel) return { wire: member, at: 'path' };
    if (traits & BIT.httpPayload) return { wire: member, at: 'body' };
    return { wire: member };
  }
  const { ec2QueryName, xmlName, httpHeader, httpQuery, httpPrefixHeaders } = traits;
  if (httpHeader !== undefined) return { wire: httpHeader.toLowerCase(), at: 'header' };
  if (httpPrefixHeaders !== undefined) return { wire: httpPrefixHeaders.toLowerCase(), at: 'headers' };
  if (httpQuery !== undefined) return { wire: httpQuery, at: 'query' };
  if (traits.httpLabel) return { wire: member, at: 'path' };
  if (traits.httpPayload) return { wire: member, at: 'body' };
  return { wire: ec2QueryName ?? xmlName ?? member };
}

const isMember = (schema) =>
  Array.isArray(schema) && typeof schema[0] !== 'number' ? true : isPlainWithTraits(schema);
/** `[2, { xmlName: 'dryRun' }]` against `[3, 'com.amazonaws.ec2', ...]`. */
const isPlainWithTraits = (schema) => Array.isArray(schema) && schema.length === 2 && typeof schema[1] !== 'string';
