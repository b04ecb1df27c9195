/** Inputs of at most 256 KiB that a reader may choke on, each with a word for what it is. */
import { brotliCompressSync, constants, deflateSync, gzipSync } from 'node:zlib';
import { filled, SIZE } from './filled.js';

/** 100 KB. */
const ZEROS = gzipSync(Buffer.alloc(100_000_000), { level: 1 });

export type Input = [what: string, input: string | Uint8Array];

const SPEC = `apiVersion: keelson/v1
kind: Cluster
metadata: { name: demo }
spec:
  region: eu-west-1
  mode: ha
  servers: { instanceType: t3.medium }
  k3s: { version: v1.34.2+k3s1 }
`;

/** Different each time, as many as fit. */
export function wide(entry: (index: number) => string, before = '', after = ''): string {
  const parts = [before];
  for (let [index, length] = [0, before.length + after.length]; ; index += 1) {
    const part = entry(index);
    length += Buffer.byteLength(part);
    if (length > SIZE) return [...parts, after].join('');
    parts.push(part);
  }
}

const list = <T>(count: number, one: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => one(i));
const entries = (count: number, key: (i: number) => string, value: unknown = 'x'): Record<string, unknown> =>
  Object.fromEntries(list(count, (i) => [key(i), value]));
const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);

const spec = (over: object): object => ({
  apiVersion: 'keelson/v1',
  kind: 'Cluster',
  metadata: { name: 'demo' },
  spec: {
    region: 'eu-west-1',
    mode: 'ha',
    servers: { instanceType: 't3.medium' },
    k3s: { version: 'v1.34.2+k3s1' },
    ...over,
  },
});
const pools = (over: (index: number) => object): object =>
  spec({ pools: list(20, (i) => ({ name: `p${i}`, count: 1, instanceType: 't3.large', ...over(i) })) });
const k3s = (over: object): object => spec({ k3s: { version: 'v1.34.2+k3s1', ...over } });

/** Values that pass the reader of YAML, and what the schema and the rules make of them. Also what Temporal brings: JSON of up to 2 MiB. */
export const VALUES: [what: string, value: unknown][] = [
  ['20 pools of 85 labels', pools(() => ({ labels: entries(85, (i) => `example.org/l${i}`) }))],
  ['20 pools of 200 wrong labels', pools(() => ({ labels: entries(200, (i) => `-bad/${i}`) }))],
  ['20 pools of 200 unknown keys', pools(() => entries(200, (i) => `instanceTyp${i}`))],
  ['20 pools of 100 wrong taints', pools(() => ({ taints: list(100, () => ({ key: '-', effect: 'NoSchedule' })) }))],
  ['20 pools of 200 misspelt settings', pools(() => ({ config: entries(200, (i) => `kubelet-arh${i}`) }))],
  ['20 pools of 200 numbers for labels', pools(() => ({ count: 1e308, labels: entries(200, (i) => `l${i}`, 1e300) }))],
  ['20 pools with long lists', pools(() => ({ fallbackTypes: list(20, (i) => `x${i}`), zones: list(100, String) }))],
  ['9,900 numbers for pools', spec({ pools: list(9_900, (i) => i) })],
  ['1,500 pools of wrong types', spec({ pools: list(1_500, () => ({ name: 1, count: 'x', labels: [], taints: {} })) })],
  ['100,000 settings', k3s({ config: entries(100_000, (i) => `k${i}`) })],
  ['200 lists of 49 settings', k3s({ config: entries(49, (i) => `kubelet-arg${i}`, list(200, String)) })],
  ['130,000 components', k3s({ config: { disable: list(32, () => 'a,'.repeat(4_000)) } })],
  ['9,000 lines of environment', k3s({ environment: entries(9_000, (i) => `K${i}`, '\u00e9') })],
  ['9,000 numbers for tags', spec({ tags: entries(9_000, (i) => `k${i}`, 1) })],
  [
    '499 numbers for labels, in each place',
    {
      ...pools(() => ({ labels: entries(249, (i) => `l${i}`, 1) })),
      metadata: { name: 'demo', labels: entries(499, (i) => `l${i}`, 1) },
    },
  ],
  ['mappings in tags', spec({ tags: entries(4_000, (i) => `k${i}`, { a: 1 }) })],
  [
    '50 groups of 50 networks',
    spec({ access: { ingress: list(50, (i) => ({ port: i + 1, cidrs: list(50, (j) => `10.${j}.${i}.0/24`) })) } }),
  ],
  ['500 networks within each other', spec({ access: { apiCidrs: list(500, (i) => `10.0.0.0/${i % 33}`) } })],
  [
    'a name of 8,000 characters',
    spec({ access: { apiHostname: `${'a.'.repeat(4_000)}_`, extraSans: list(20, () => `${'a:'.repeat(4_000)}!`) } }),
  ],
  [
    'long times',
    spec({
      backup: { schedule: `${'1,'.repeat(4_000)} * * * *` },
      hibernation: { stop: '* '.repeat(4_000), start: `${'0-'.repeat(4_000)} * * * *` },
    }),
  ],
  ['a manifest of 16,000 resources', k3s({ manifests: [{ name: 'm', content: '---\nkind: x\n'.repeat(16_000) }] })],
  ['50 manifests of brackets', k3s({ manifests: list(50, (i) => ({ name: `m${i}`, content: '{'.repeat(3_800) })) })],
  [
    '3,000 files',
    spec({
      servers: { instanceType: 't3.medium', node: { files: list(3_000, () => ({ path: '/etc/x', content: 'x' })) } },
    }),
  ],
  [
    'a list for each part',
    spec({ pools: 'x', network: [], access: 5, upgrade: list(400, String), k3s: list(400, String) }),
  ],
];

/** config.yaml in the bucket. */
export const DOCUMENTS: Input[] = [
  ['keys in keys', `${'? '.repeat(30)}a`],
  ['as many keys in keys as fit', filled('? ')],
  ['braces', filled('{')],
  ['brackets', filled('[')],
  ['closed brackets', nested(SIZE / 2)],
  ['lists as keys', `${'['.repeat(12)}${']: a'.repeat(12)}`],
  ['lists in lists by the line', filled('- ')],
  ['mappings in mappings by the line', wide((i) => `${' '.repeat(i)}a:\n`)],
  ['one key', filled('a: 1\n')],
  ['keys', wide((i) => `k${i}: 1\n`)],
  ['100,000 keys of JSON', wide((i) => `"${i.toString(36)}":1,`, '{', '"z":1}')],
  ['anchors', wide((i) => `- &a${i} x\n`)],
  ['aliases', filled('- *a\n', '- &a x\n')],
  ['aliases that grow', `a0: &a0 [x]\n${list(49, (i) => `a${i + 1}: &a${i + 1} [*a${i},*a${i}]\n`).join('')}`],
  ['a bomb of one long text', `a: &a "${'x'.repeat(200_000)}"\nb: [${'*a,'.repeat(45)}]`],
  ['merge keys', `${SPEC}  tags: { ${filled('<<: {a: b}, ', '', '', 60_000)} }\n`],
  ['tags', filled('- !!x y\n')],
  ['dates, sets and binaries', filled('- !!binary aaaa\n- !!set {a}\n')],
  ['directives', filled('%YAML 1.1\n---\n')],
  ['unknown directives', filled('%x y\n')],
  ['documents', filled('--- a\n')],
  ['ends of documents', filled('...\n')],
  ['a long scalar', filled('x', 'a: ')],
  ['a long key', filled('x', '', ': a')],
  ['a long number', filled('9', `${SPEC}  tags: { a: `, ' }\n')],
  ['numbers without bound', wide((i) => `a${i}: 9e999999999\n`)],
  ['numbers with zeros', wide((i) => `a${i}: 0${i}\n`)],
  ['a fault in each character', filled('\\q', '"', '"')],
  ['a fault in each word', '"\\q"'.repeat(4_000)],
  ['wrong quotes', filled('"\\q\'"\n')],
  ['plain texts that may not begin so', filled('@ `\n')],
  ['tabs', filled('\t')],
  ['comments', filled('#\n')],
  ['one comment', filled('#')],
  ['empty lines', filled('\n')],
  ['carriage returns', filled('\r')],
  ['a block of empty lines', filled('\n', 'a: |\n')],
  ['a folded block', filled('x\n\n ', 'a: >\n ')],
  ['colons', filled(': ')],
  ['commas', filled(',', '[', ']')],
  ['zero bytes', new Uint8Array(SIZE)],
  ['bytes that are not UTF-8', new Uint8Array(SIZE).fill(0xff)],
  [
    'a text with one byte that is not UTF-8',
    Buffer.concat([Buffer.from(filled('a: b\n', '', '', SIZE - 2)), Buffer.from([0xc3])]),
  ],
  ['a gzip', ZEROS],
  ['characters of four bytes', filled('\u{1f600}', 'a: ')],
  ['joined emoji', filled('\u{1f469}\u200d', `${SPEC}  tags: { a: "`, '" }')],
  ['invisible characters', filled('\u200b', 'a: ')],
  ['accents', filled('e\u0301', 'a: ')],
  ['line separators', filled('\u2028', 'a: ')],
  ['byte order marks', filled('\ufeff')],
  ...VALUES.filter(([, value]) => JSON.stringify(value).length <= SIZE).map(
    ([what, value]): Input => [`${what} as JSON`, JSON.stringify(value)],
  ),
];

/** Bodies of a mirror's answer, by their encoding.  */
export const MIRROR_ANSWERS: [what: string, encoding: string, body: Uint8Array][] = [
  ['100 MB as gzip', 'gzip', ZEROS],
  ['50 MB as deflate', 'deflate', deflateSync(Buffer.alloc(50_000_000), { level: 1 })],
  [
    '20 MB as brotli',
    'br',
    brotliCompressSync(Buffer.alloc(20_000_000), { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } }),
  ],
  ['what is not gzip', 'gzip', Buffer.from(filled('x'))],
  ['half a gzip', 'gzip', gzipSync(Buffer.from('x'.repeat(1_000))).subarray(0, 20)],
  ['many gzips one after the other', 'gzip', Buffer.concat(list(8_000, () => gzipSync('a')))],
  ['an unknown encoding', 'zstd', Buffer.from(filled('x'))],
  ['a long line', 'identity', Buffer.from(filled('x', '', '', 65_000))],
  ['a line of spaces', 'identity', Buffer.from(filled(' ', 'a', 'b', 65_000))],
  ['a line of stars', 'identity', Buffer.from(filled(' *', 'a', 'k3s', 65_000))],
  ['empty lines', 'identity', Buffer.from(filled('\n', '', '', 65_000))],
  ['a sum of 60 KB', 'identity', Buffer.from(filled('5', '', '  k3s\n', 60_000))],
  ['escape sequences for a sum', 'identity', Buffer.from('\u001b[2J\u202e  k3s\n')],
  ['bytes that are not UTF-8', 'identity', Buffer.alloc(65_000, 0xff)],
  ['zero bytes', 'identity', Buffer.alloc(65_000)],
  ['256 KiB', 'identity', Buffer.alloc(SIZE, 'x')],
];

/** Messages of the queue. */
export const MESSAGES: Input[] = [
  ['brackets', filled('[')],
  ['closed brackets', nested(SIZE / 2)],
  ['objects in objects', `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`],
  ['100,000 keys', wide((i) => `"${i.toString(36)}":1,`, '{', '"z":1}')],
  ['one key again and again', filled('"a":1,', '{', '"z":1}')],
  ['a long text', JSON.stringify({ source: 'x'.repeat(SIZE - 20) })],
  ['a long number', filled('9')],
  ['numbers without bound', filled('1e999,', '[', '1]')],
  ['escapes', filled('\\u0000', '"', '"')],
  ['halves of characters', filled('\\ud800', '"', '"')],
  ['bytes that are not UTF-8', new Uint8Array(SIZE).fill(0xff)],
  ['zero bytes', new Uint8Array(SIZE)],
  ['prototypes', filled('"__proto__":{},', '{', '"constructor":1}')],
  ['events in events', filled('{"source":"aws.ec2","detail":', '', '', SIZE)],
  ['4 MB, which SQS does not send', 'x'.repeat(4_000_000)],
];
