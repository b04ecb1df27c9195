/** `-o custom-columns=NAME:.path,...`: one line a Node, several values joined by a comma, `<none>` for nothing. */
import { printTable } from './columns.js';
import { jsonPath } from './json-path.js';

/** @throws Error on a column without a path. */
export function customColumns(spec: string, objects: object[], headers: boolean): string {
  const columns = spec.split(',').map((part) => {
    const at = part.indexOf(':');
    if (at <= 0) throw new Error(`unexpected custom-columns spec: ${part}, expected <header>:<json-path-expr>`);
    return { header: part.slice(0, at), path: part.slice(at + 1) };
  });
  const rows = objects.map((object) => columns.map(({ path }) => cell(jsonPath(path, object))));
  return printTable(headers ? [columns.map(({ header }) => header), ...rows] : rows);
}

function cell(values: unknown[]): string {
  if (values.length === 0) return '<none>';
  return values.map(show).join(',');
}

/** Maps and lists as Go prints them. */
function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `map[${Object.entries(value)
      .map(([key, inner]) => `${key}:${show(inner)}`)
      .join(' ')}]`;
  }
  return String(value);
}
