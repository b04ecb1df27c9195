/**
 * Reads a CloudFormation template as CloudFormation does, as far as its policies need it: parameters, conditions and intrinsic functions.
 * [docs: CloudFormation intrinsic functions]
 */
import { type CollectionTag, parse, type ScalarTag } from 'yaml';

/** A value of the template in its long form: `!Ref X` is `{ Ref: 'X' }`. */
export type Value = string | number | boolean | null | undefined | Value[] | { [key: string]: Value };

export interface Surroundings {
  /** Values of parameters; the others have their defaults. A CommaDelimitedList is one text. */
  parameters?: Record<string, string>;
  /** Values of `AWS::AccountId`, `AWS::Partition` ... */
  pseudo: Record<string, string>;
  /** Each existing resource: its `Ref`, and attributes by name. */
  resources: Record<string, Record<string, string>>;
}

interface Parameter {
  Type: string;
  Default?: string | number;
}

interface Template {
  Parameters?: Record<string, Parameter>;
  Conditions?: Record<string, Value>;
  Resources: Record<string, { Type: string; Properties?: Value }>;
}

/** Returns the properties of a resource with every function evaluated; `AWS::NoValue` removes its property. */
export type Properties = (resource: string) => Record<string, Value>;

/** `!Sub` is `Fn::Sub`; these two keep their name. */
const PLAIN = new Set(['Ref', 'Condition']);
const FUNCTIONS = ['Ref', 'Condition', 'Sub', 'GetAtt', 'If', 'Not', 'And', 'Or', 'Equals', 'Join', 'Select', 'Split'];

const longName = (name: string): string => (PLAIN.has(name) ? name : `Fn::${name}`);

/** `!GetAtt Bucket.Arn` is `!GetAtt [Bucket, Arn]`. */
const argument = (name: string, text: string): Value => (name === 'GetAtt' ? text.split('.') : text);

const TAGS = FUNCTIONS.flatMap((name): (ScalarTag | CollectionTag)[] => [
  { tag: `!${name}`, resolve: (text) => ({ [longName(name)]: argument(name, text) }) },
  {
    tag: `!${name}`,
    collection: 'seq',
    resolve: (node) => ({ [longName(name)]: (node as { toJSON(): Value }).toJSON() }),
  },
]);

/**
 * Reads a template.
 *
 * @throws Error for an unknown function, parameter, condition or resource
 */
export function readTemplate(text: string, surroundings: Surroundings): Properties {
  const template = parse(text, { customTags: TAGS }) as Template;
  return (name) => {
    const resource = template.Resources[name];
    if (resource === undefined) throw new Error(`the template has no resource ${name}`);
    const properties = resolved(resource.Properties ?? {}, template, surroundings);
    return properties as Record<string, Value>;
  };
}

function resolved(value: Value, template: Template, around: Surroundings): Value {
  const resolve = (inner: Value): Value => resolved(inner, template, around);
  if (Array.isArray(value)) return value.map(resolve).filter((item) => item !== undefined);
  if (typeof value !== 'object' || value === null) return value;
  const [[key, inner] = ['', undefined], ...others] = Object.entries(value);
  if (others.length === 0 && (PLAIN.has(key) || key.startsWith('Fn::'))) return call(key, inner, template, around);
  const entries = Object.entries(value).map(([name, one]): [string, Value] => [name, resolve(one)]);
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined));
}

function call(name: string, given: Value, template: Template, around: Surroundings): Value {
  const resolve = (inner: Value): Value => resolved(inner, template, around);
  const list = Array.isArray(given) ? given : [given];
  switch (name) {
    case 'Ref':
      return referenceOf(String(given), template, around);
    case 'Condition':
      return holds(String(given), template, around);
    case 'Fn::GetAtt':
      return attributeOf(String(list[0]), list.slice(1).map(String).join('.'), around);
    case 'Fn::Sub':
      return substituted(list, template, around);
    case 'Fn::If':
      return resolve(holds(String(list[0]), template, around) ? list[1] : list[2]);
    case 'Fn::Not':
      return resolve(list[0]) !== true;
    case 'Fn::And':
      return list.map(resolve).every((one) => one === true);
    case 'Fn::Or':
      return list.map(resolve).includes(true);
    case 'Fn::Equals':
      return JSON.stringify(resolve(list[0])) === JSON.stringify(resolve(list[1]));
    case 'Fn::Join':
      return texts(resolve(list[1])).join(String(list[0]));
    case 'Fn::Split':
      return String(resolve(list[1])).split(String(list[0]));
    case 'Fn::Select':
      return texts(resolve(list[1]))[Number(list[0])];
    default:
      throw new Error(`the simulator does not know the template's function ${name}`);
  }
}

function holds(condition: string, template: Template, around: Surroundings): boolean {
  const stated = template.Conditions?.[condition];
  if (stated === undefined) throw new Error(`the template has no condition ${condition}`);
  return resolved(stated, template, around) === true;
}

function referenceOf(name: string, template: Template, around: Surroundings): Value {
  if (name === 'AWS::NoValue') return undefined;
  if (name in around.pseudo) return around.pseudo[name];
  const parameter = template.Parameters?.[name];
  if (parameter === undefined) return attributeOf(name, 'Ref', around);
  const value = around.parameters?.[name] ?? String(parameter.Default ?? '');
  return parameter.Type === 'CommaDelimitedList' ? value.split(',').map((item) => item.trim()) : value;
}

function attributeOf(resource: string, attribute: string, { resources }: Surroundings): string {
  const value = resources[resource]?.[attribute];
  if (value === undefined) throw new Error(`nothing says what ${resource}.${attribute} of the template is`);
  return value;
}

/** `${Name}`, `${Name.Attribute}`, `${!literal}`; names of its own in the second argument. */
function substituted([text, own]: Value[], template: Template, around: Surroundings): string {
  const names = (typeof own === 'object' && own !== null && !Array.isArray(own) ? own : {}) as Record<string, Value>;
  return String(text).replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
    if (literal !== '') return `\${${name}}`;
    if (name in names) return String(resolved(names[name], template, around));
    const [resource = '', ...attribute] = name.split('.');
    const value =
      attribute.length === 0
        ? referenceOf(resource, template, around)
        : attributeOf(resource, attribute.join('.'), around);
    return String(value);
  });
}

function texts(value: Value): string[] {
  return (Array.isArray(value) ? value : [value]).map(String);
}
