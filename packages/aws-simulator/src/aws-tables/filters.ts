/** Holds the filters of a request against those that its call has. */
import type { AwsCall } from '../contract.js';
import type { CallTable, Filters, Structure, Table } from './table.js';
import type { FilterViolation, Input, Violation } from './violation.js';

interface Filter {
  name: string;
  values: string[];
}

/**
 * What AWS was seen to refuse, or says elsewhere than at the call:
 * - EC2 counts the values of a whole call: `The maximum number of filter values specified on a single call is 200`.
 * - SSM: `ResourceType filter may contain only one value` [boto3#3027]; PingStatus is taken to be alike.
 * - SSM: `The number of tag values for tag:Name was 35. Max: 5.` [seek-oss/aec#394]
 */
const MOST_VALUES = 200;
const ONE_VALUE = ['ResourceType', 'PingStatus'];
const MOST_TAG_VALUES = 5;

/** @returns the first filter that the call does not have, or that cannot be as it is */
export function filterViolationIn(
  service: AwsCall['service'],
  table: Table,
  { input: name, filters: known }: CallTable,
  input: Input,
): Violation | null {
  const asked = filtersOf(input['Filters']);
  if (known === undefined || asked.length === 0) return null;
  const structure = table.structures[name] ?? {};
  const found = first(asked, (filter) => unknownIn(filter, known)) ?? excludedBy(structure, input, asked);
  if (found !== null) return found;
  return service === 'ec2' ? ec2Limits(asked) : ssmLimits(asked, structure['Filters']?.tagsAlone === true);
}

/** EC2 writes Name and Values, SSM Key and Values or key and value. */
function filtersOf(value: unknown): Filter[] {
  if (!Array.isArray(value)) return [];
  return value.map((filter: Record<string, unknown>) => ({
    name: String(filter['Name'] ?? filter['Key'] ?? filter['key'] ?? ''),
    values: [filter['Values'] ?? filter['value'] ?? []].flat().map(String),
  }));
}

function unknownIn({ name, values }: Filter, known: Filters): FilterViolation | null {
  const key = name.startsWith('tag:') ? 'tag:*' : name;
  if (!Object.hasOwn(known, key)) return { kind: 'filter-name', name };
  if (values.length === 0) return { kind: 'filter-empty', name };
  const allowed = known[key] ?? null;
  // With a wildcard it is compared with what is there.
  const wrong = allowed === null ? undefined : values.find((one) => !allowed.includes(one) && !/[*?]/.test(one));
  return wrong === undefined || allowed === null ? null : { kind: 'filter-value', name, value: wrong, allowed };
}

function excludedBy(structure: Structure, input: Input, asked: Filter[]): Violation | null {
  for (const [member, { excludesFilter = {} }] of Object.entries(structure)) {
    if (input[member] === undefined) continue;
    const beside = asked.find(({ name, values }) => values.includes(excludesFilter[name] ?? '\0'));
    if (beside !== undefined) return { kind: 'excluded', path: member, other: `Filters.${beside.name}` };
  }
  return null;
}

function ec2Limits(asked: Filter[]): FilterViolation | null {
  const count = asked.reduce((sum, { values }) => sum + values.length, 0);
  return count > MOST_VALUES
    ? { kind: 'filter-limit', what: 'filter values on a single call', most: MOST_VALUES }
    : null;
}

function ssmLimits(asked: Filter[], tagsAlone: boolean): FilterViolation | null {
  return first(asked, ({ name, values }): FilterViolation | null => {
    const isTag = name === 'tag-key' || name.startsWith('tag:');
    if (isTag && tagsAlone && asked.length > 1) return { kind: 'filter-mixed', name };
    if (isTag && tagsAlone && values.length > MOST_TAG_VALUES)
      return { kind: 'filter-limit', what: `values for ${name}`, most: MOST_TAG_VALUES };
    if (ONE_VALUE.includes(name) && values.length > 1)
      return { kind: 'filter-limit', what: `values for ${name}`, most: 1 };
    return null;
  });
}

function first<T>(all: T[], judge: (one: T) => FilterViolation | null): FilterViolation | null {
  for (const one of all) {
    const found = judge(one);
    if (found !== null) return found;
  }
  return null;
}
