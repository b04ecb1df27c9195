/**
 * The part of Go's text/template that scripts use with `kubectl -o go-template=`: fields, `range` with and without variables, `if`, `with`,
 * `end`, the functions `eq` and `urlquery`, and quoted text. Anything else is an error, like an unknown function in kubectl. [docs:
 * text/template]
 */
type Part = { text: string } | Value | { block: 'range' | 'if' | 'with'; value: Value; names: string[]; body: Part[] };

/** A field or variable, alone, quoted, or compared with a text. */
type Value = { path: string; call?: 'urlquery' | 'eq'; text?: string };

/** @throws Error on an unsupported template */
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
  const block = /^(range|if|with)\s+(?:(\$\w+)\s*,\s*(\$\w+)\s*:=\s*)?(.+)$/s.exec(action);
  if (block) {
    const [, kind = '', key, second, value = ''] = block;
    const names = [key, second].filter((name) => name !== undefined);
    return { block: kind as 'range' | 'if' | 'with', value: operandOf(value), names, body: parse(tokens, true) };
  }
  return operandOf(action);
}

function operandOf(action: string): Value {
  const [, query, compared, text] = /^(?:urlquery\s+(\S+)|eq\s+(\S+)\s+(".*"))$/s.exec(action) ?? [];
  const path = query ?? compared ?? action;
  if (!/^(\.|\$)[\w.]*$/.test(path)) throw new Error(`error parsing template: ${action} is not known`);
  if (query !== undefined) return { path, call: 'urlquery' };
  return text === undefined ? { path } : { path, call: 'eq', text: JSON.parse(text) as string };
}

type Variables = ReadonlyMap<string, unknown>;

function render(parts: Part[], dot: unknown, variables: Variables): string {
  return parts
    .map((part) => {
      if ('text' in part) return part.text;
      if (!('block' in part)) return shown(evaluate(part, dot, variables));
      const value = evaluate(part.value, dot, variables);
      if (part.block === 'if') return isTrue(value) ? render(part.body, dot, variables) : '';
      if (part.block === 'with') return isTrue(value) ? render(part.body, value, variables) : '';
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

function evaluate({ path, call, text }: Value, dot: unknown, variables: Variables): unknown {
  const value = read(path, dot, variables);
  if (call === 'eq') return value === text;
  return call === 'urlquery' ? queryEscaped(shown(value)) : value;
}

const shown = (value: unknown): string => (value === undefined || value === null ? '<no value>' : String(value));

/** As Go's url.QueryEscape, which leaves letters, digits and `-_.~`. */
const queryEscaped = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');

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
