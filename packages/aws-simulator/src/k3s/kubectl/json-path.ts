/**
 * The part of kubectl's JSONPath that custom columns use: `.a.b`, `\.` in a name, `[0]`, `[*]`, and filters such as
 * `[?(@.type=="Ready")]`.
 */
type Step =
  | { key: string }
  | { index: number }
  | { all: true }
  | { filter: { path: Step[]; equals: string; not: boolean } };

/** Returns every value of the path. @throws Error on an unsupported path. */
export function jsonPath(path: string, value: unknown): unknown[] {
  return follow(parsePath(path.replace(/^\{(.*)\}$/s, '$1')), [value]);
}

function follow(steps: Step[], values: unknown[]): unknown[] {
  return steps.reduce((found, step) => found.flatMap((value) => take(step, value)), values);
}

function take(step: Step, value: unknown): unknown[] {
  if ('key' in step) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    const found: unknown = Object.entries(value).find(([key]) => key === step.key)?.[1];
    return found === undefined || found === null ? [] : [found];
  }
  const items: unknown[] = Array.isArray(value) ? value : [];
  if ('all' in step)
    return Array.isArray(value) ? items : typeof value === 'object' && value ? Object.values(value) : [];
  if ('index' in step) return items.slice(step.index).slice(0, 1);
  const { path, equals, not } = step.filter;
  return items.filter((item) => follow(path, [item]).some((found) => String(found) === equals) !== not);
}

function parsePath(path: string): Step[] {
  const steps: Step[] = [];
  let rest = path;
  while (rest !== '') {
    const filter = /^\[\?\(\s*@(.*?)\s*(==|!=)\s*("([^"]*)"|'([^']*)'|[^)\s]+)\s*\)\]/.exec(rest);
    const index = /^\[(\*|-?\d+)\]/.exec(rest);
    const quoted = /^\[(?:'([^']*)'|"([^"]*)")\]/.exec(rest);
    const key = /^\.?((?:\\.|[^.[\]\\])+)/.exec(rest);
    const match = filter ?? index ?? quoted ?? key ?? /^\.(?=\[)/.exec(rest);
    if (!match) throw new Error(`unrecognized JSONPath: ${path}`);
    if (filter) {
      const equals = filter[4] ?? filter[5] ?? filter[3] ?? '';
      steps.push({ filter: { path: parsePath(filter[1] ?? ''), equals, not: filter[2] === '!=' } });
    } else if (index) steps.push(index[1] === '*' ? { all: true } : { index: Number(index[1]) });
    else if (quoted) steps.push({ key: quoted[1] ?? quoted[2] ?? '' });
    else if (key?.[1] === '*') steps.push({ all: true });
    else if (key) steps.push({ key: (key[1] ?? '').replace(/\\(.)/g, '$1') });
    rest = rest.slice(match[0].length);
  }
  return steps;
}
