/**
 * The part of Go's text/template that scripts use with `kubectl -o go-template=`: fields, `range` with and without variables, `if`, `end`, and
 * quoted text. What is not known here is an error, as an unknown function is to kubectl. [docs: text/template]
 */
type Part =
  | { text: string }
  | { path: string }
  | { block: 'range' | 'if'; path: string; names: string[]; body: Part[] };

/** @throws Error on a template that this does not understand */
export function goTemplate(template: string, data: unknown): string {
  const tokens = template.split(/(\{\{.*?\}\})/s).filter((token) => token !== '');
  const parts = parse(tokens, false);
  return render(parts, data, new Map());
}

function parse(tokens: string[], inBlock: boolean): Part[] {
  const parts: Part[] = [];
  for (let token = tokens.shift(); token !== undefined; token = tokens.shift()) {
    const action = /^\{\{\s*(.*?)\s*\}\}$/s.exec(token)?.[1];
    if (action === undefined) parts.push({ text: token });
    else if (action === 'end') {
      if (!inBlock) throw new Error('error parsing template: unexpected {{end}}');
      return parts;
    } else parts.push(partOf(action, tokens));
  }
  if (inBlock) throw new Error('error parsing template: unexpected EOF');
  return parts;
}

function partOf(action: string, tokens: string[]): Part {
  if (/^".*"$/s.test(action)) return { text: JSON.parse(action) as string };
  const block = /^(range|if)\s+(?:(\$\w+)\s*,\s*(\$\w+)\s*:=\s*)?(\S+)$/.exec(action);
  if (block) {
    const [, kind = '', key, value, path = ''] = block;
    const names = [key, value].filter((name) => name !== undefined);
    return { block: kind as 'range' | 'if', path, names, body: parse(tokens, true) };
  }
  if (!/^(\.|\$)[\w.]*$/.test(action)) throw new Error(`error parsing template: ${action} is not known`);
  return { path: action };
}

type Variables = ReadonlyMap<string, unknown>;

function render(parts: Part[], dot: unknown, variables: Variables): string {
  return parts
    .map((part) => {
      if ('text' in part) return part.text;
      const value = read(part.path, dot, variables);
      if (!('block' in part)) return value === undefined || value === null ? '<no value>' : String(value);
      if (part.block === 'if') return isTrue(value) ? render(part.body, dot, variables) : '';
      return entriesOf(value)
        .map(([key, item]) => {
          const [first, second] = part.names;
          const inner = new Map(variables);
          if (first !== undefined) inner.set(first, key);
          if (second !== undefined) inner.set(second, item);
          return render(part.body, item, inner);
        })
        .join('');
    })
    .join('');
}

function read(path: string, dot: unknown, variables: Variables): unknown {
  const [head = '', ...fields] = path.split('.');
  if (head !== '' && !variables.has(head)) throw new Error(`error parsing template: undefined variable "${head}"`);
  const start = head === '' ? dot : variables.get(head);
  return fields
    .filter((field) => field !== '')
    .reduce<unknown>((value, field) => (isRecord(value) ? value[field] : undefined), start);
}

/** Maps in the order of their keys. */
function entriesOf(value: unknown): [string | number, unknown][] {
  if (Array.isArray(value)) return value.map((item: unknown, index) => [index, item]);
  return isRecord(value) ? Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)) : [];
}

const isTrue = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== false && value !== 0 && value !== '';
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
