import * as z from 'zod';

/** Returns the schema at a path, so that a violation can name the known keys, the type and an example. */
export function schemaAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): z.core.$ZodType | null {
  let current: z.core.$ZodType | null = schema;
  for (const part of path) current = current === null ? null : childOf(current, part);
  return current;
}

function childOf(schema: z.core.$ZodType, part: PropertyKey): z.core.$ZodType | null {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    const shape: Readonly<Record<string, z.core.$ZodType>> = inner.shape;
    return Object.hasOwn(shape, part) ? (shape[String(part)] ?? null) : null;
  }
  if (inner instanceof z.ZodArray) return inner.element;
  if (inner instanceof z.ZodRecord) return inner.valueType;
  if (inner instanceof z.ZodUnion) {
    for (const option of inner.options) {
      const child = childOf(option, part);
      if (child !== null) return child;
    }
  }
  return null;
}

/** Removes the wrappers that only describe an absent value. */
export function unwrap(schema: z.core.$ZodType): z.core.$ZodType {
  let current = schema;
  while (current instanceof z.ZodOptional || current instanceof z.ZodDefault || current instanceof z.ZodPrefault) {
    current = current.unwrap();
  }
  return current;
}

export function keysOf(schema: z.core.$ZodType | null): string[] {
  const inner = schema === null ? null : unwrap(schema);
  if (inner instanceof z.ZodObject) return Object.keys(inner.shape);
  if (inner instanceof z.ZodUnion) return [...new Set(inner.options.flatMap((option) => keysOf(option)))];
  return [];
}

/** Returns what is expected, in words: `a whole number, for example 3`. */
export function wantedText(schema: z.core.$ZodType | null): string {
  if (schema === null) return '';
  const example = exampleOf(schema);
  const kind = kindText(unwrap(schema));
  return example === undefined ? kind : `${kind}, for example ${example}`;
}

/** Returns the example from the schema's metadata, written as in a document. */
export function exampleOf(schema: z.core.$ZodType): string | undefined {
  for (const each of [schema, unwrap(schema)]) {
    const examples: unknown = z.globalRegistry.get(each)?.examples;
    const example: unknown = Array.isArray(examples) ? examples[0] : undefined;
    if (example !== undefined) return typeof example === 'string' ? example : JSON.stringify(example);
  }
  return undefined;
}

/** Returns the example of the text among the kinds that a field may have. */
export function textExampleOf(schema: z.core.$ZodType): string | undefined {
  const own = exampleOf(schema);
  const inner = unwrap(schema);
  if (own !== undefined || !(inner instanceof z.ZodUnion)) return own;
  const texts = inner.options.filter((one) => unwrap(one) instanceof z.ZodString);
  return texts.map((one) => exampleOf(one)).find((one) => one !== undefined);
}

function kindText(schema: z.core.$ZodType): string {
  const choices = choicesOf(schema);
  if (choices.length > 0) return choices.length === 1 ? choices.join() : `one of ${choices.join(', ')}`;
  if (schema instanceof z.ZodString) return 'text';
  if (schema instanceof z.ZodNumber) return 'a whole number';
  if (schema instanceof z.ZodBoolean) return 'true or false';
  if (schema instanceof z.ZodArray) return 'a list';
  if (schema instanceof z.ZodRecord) return 'a mapping';
  if (schema instanceof z.ZodUnion) {
    const keys = keysOf(schema);
    return keys.length > 0
      ? `a mapping with either ${keys.join(' or ')}`
      : 'text, a number, true, false or a list of them';
  }
  if (schema instanceof z.ZodObject) return `a mapping with ${keysOf(schema).join(', ')}`;
  return 'something else';
}

function choicesOf(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.ZodEnum) return schema.options.map(String);
  if (schema instanceof z.ZodLiteral) return Array.from(schema.values as Set<unknown>, String);
  return [];
}
