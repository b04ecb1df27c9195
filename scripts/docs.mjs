// The references that are made: the cluster document's from its JSON Schema, that of refused documents from the test's table, that of errors from the table of codes, that of
// benchmarks from the results that were kept, the index from the pages' titles; and a check that links between pages lead somewhere.
//   node scripts/docs.mjs            writes the pages of PAGES
//   node scripts/docs.mjs --check    fails if it is not up to date, or if a link is broken
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tsImport } from 'tsx/esm/api';
import { parse } from 'yaml';
import { pathChart, pathLegend } from './path-chart.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const { classifyChange } = await tsImport('../src/model/diff/classify-change.ts', import.meta.url);
const { LIFELONG_KEYS } = await tsImport('../src/model/k3s/keys.ts', import.meta.url);
const { parseDocument } = await tsImport('../src/model/spec/parse.ts', import.meta.url);
const { CLASS_ACTION, KNOWN_ERRORS } = await tsImport('../src/model/errors/index.ts', import.meta.url);

const PAGES = {
  'docs/README.md': indexPage,
  'docs/reference/cluster-document.md': documentPage,
  'docs/reference/refused-documents.md': refusedPage,
  'docs/reference/errors.md': errorsPage,
  'docs/reference/benchmarks.md': benchmarksPage,
  'docs/explanation/faults.md': faultsPage,
  'docs/explanation/repair.md': repairPage,
  'docs/explanation/real-hosts.md': realHostsPage,
  'docs/explanation/scale.md': scalePage,
  'docs/explanation/create-path.md': createPathPage,
  'docs/how-to/backup-and-restore.md': backupPage,
};

/** One row for each field, in the order of the schema. */
function rows(schema, path) {
  const own = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    const required = schema.required?.includes(name) ?? false;
    return [row(at, field, required), ...rows(field, at)];
  });
  const items = schema.items?.properties ? rows(schema.items, `${path}[]`) : [];
  const either = (schema.anyOf ?? []).flatMap((one) => rows(one, path));
  return [...own, ...items, ...either];
}

function row(path, field, required) {
  const fallback = required ? 'required' : code(field.default);
  return `| \`${path}\` | ${kindOf(field)} | ${fallback} | ${onChange(path, field)} | ${(field.description ?? '').replaceAll('|', '\\|').replaceAll('<', '&lt;')} |`;
}

const example = parseDocument({
  apiVersion: 'keelson/v1',
  kind: 'Cluster',
  metadata: { name: 'shop' },
  spec: {
    region: 'eu-west-1',
    mode: 'ha',
    servers: { instanceType: 't3.medium' },
    pools: [{ name: 'workers', count: 2, instanceType: 't3.large' }],
    k3s: { version: 'v1.34.2+k3s1' },
  },
}).document;

/** What a change of a field does to a running cluster, by the function that plans it; empty for what has fields of its own. */
function onChange(path, field) {
  if (field.properties || field.items?.properties || field.anyOf?.some((one) => one.properties)) return '';
  const answer = (...more) => {
    const parts = [
      ...path.split('.').flatMap((part) => (part.endsWith('[]') ? [part.slice(0, -2), 'workers'] : [part])),
      ...more,
    ];
    const change = { path: parts, from: 'v1.34.1+k3s1', to: 'v1.34.2+k3s1' };
    const { class: kind, reason } = classifyChange(change, example, { oldest: change.from, newest: change.from });
    if (kind === 'recreate-refused') return 'refused';
    if (kind !== 'nothing') return 'rolling';
    return reason.startsWith('new ') ? 'new nodes only' : 'in place';
  };
  if (path === 'spec.servers.count') return 'rolling to more, refused to fewer';
  if (path === 'spec.account.roleArn') return 'in place within the account, else refused';
  if (path === 'spec.mode') return 'rolling to `ha`, refused to `dev`';
  // Another name is another pool.
  if (path === 'spec.pools[].name') return onChange('spec.pools[].count', {});
  if (path !== 'spec.k3s.config') return answer();
  const refused = LIFELONG_KEYS.filter((key) => answer(key) === 'refused').map((key) => `\`${key}\``);
  return `${answer('debug')}; ${answer('node-label')} for labels and taints; refused for ${refused.join(', ')}`;
}

const code = (value) =>
  value === undefined || (typeof value === 'object' && Object.keys(value).length === 0)
    ? ''
    : `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;

function kindOf(field) {
  if (field.const !== undefined) return code(field.const);
  if (field.enum) return field.enum.map(code).join(', ');
  if (field.anyOf?.every((one) => !one.properties)) return field.anyOf.map(kindOf).join(' or ');
  if (field.anyOf) return 'one of';
  if (field.type === 'array') return field.items?.properties ? 'list' : `list of ${kindOf(field.items ?? {})}`;
  if (field.type === 'object') return field.properties ? 'object' : 'map';
  const range = field.minimum === undefined ? '' : ` ${field.minimum} to ${field.maximum}`;
  const example =
    field.type === 'string' && field.examples?.[0] !== undefined ? `, e.g. ${code(field.examples[0])}` : '';
  return `${field.type}${range}${example.length < 70 ? example : ''}`;
}

function documentPage() {
  const schema = JSON.parse(readFileSync('schema/cluster.schema.json', 'utf8'));
  return `<!-- Made by scripts/docs.mjs from schema/cluster.schema.json: edit the schema in src/model/spec instead. -->

# Cluster document

Describes a cluster, in YAML or JSON. Unknown keys are errors. \`npx keelson validate -f FILE\` lists every problem with line and
column; \`npx keelson plan -f FILE -o yaml\` shows what will be done. Examples: [\`examples/\`](../../examples).

Editors that know the YAML language server complete and check it with this first line:

\`\`\`yaml
# yaml-language-server: $schema=../schema/cluster.schema.json
\`\`\`

The last column is the schema's own description. A field without a default may be left out unless it says required. \`on change\` tells what a
change does to a cluster that runs: it holds at once and no node is touched (in place), nodes are restarted, changed, added or removed one
after the other (rolling), nodes that exist stay as they are (new nodes only), or \`plan\` and \`apply\` refuse it and say what to do instead
(refused). [Change a cluster](../how-to/change-a-cluster.md) has the reasons.
A document has at most 256 KiB, 10,000 words and marks, and 8 KiB in one value; lists and maps have bounds of their own, which are in the
JSON Schema. Keelson refuses keys that are not plain words (\`? key\`, \`{a: b}: c\`), and characters that no one can see (control characters,
direction marks, zero-width spaces): it names the character and its place.

\`spec.hibernation\` is not supported yet and refused.

| field | kind | default | on change | meaning |
|---|---|---|---|---|
${rows(schema, '').join('\n')}
`;
}

/** Text that stands in a cell as it is. */
const cell = (text) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

function refusedPage() {
  const cases = parse(readFileSync('test/documents/refused.yaml', 'utf8'));
  const rows = cases.map(
    ({ title, later, answer }) =>
      `| ${cell(title)} | ${cell(later)} | ${answer.map((line) => `\`${line.replaceAll('|', '\\|')}\``).join('<br>')} |`,
  );
  return `<!-- Made by scripts/docs.mjs from test/documents/refused.yaml: edit the table there instead. -->

# Refused documents

\`keelson validate\` answers each of these documents before anything is made: line, column, place, what is wrong and, in parentheses, what would
be right. [The table](../../test/documents/refused.yaml) has the documents; a unit test compares every answer. The flags of K3s, their
kinds and the releases that have them are in [src/model/k3s/flags.ts](../../src/model/k3s/flags.ts), made from K3s's own lists; those of the
kubelet and its like in [component-flags.ts](../../src/model/k3s/component-flags.ts).

| document with | without the answer | answer |
|---|---|---|
${rows.join('\n')}
`;
}

/** Codes of a class that mean the same stand in one row. */
function errorRows(errorClass) {
  const rows = new Map();
  for (const [code, known] of Object.entries(KNOWN_ERRORS)) {
    if (known.class !== errorClass) continue;
    const key = `${known.source}|${known.hint}`;
    rows.set(key, [...(rows.get(key) ?? []), `\`${code}\``]);
  }
  return [...rows].map(([key, codes]) => {
    const [source, hint] = key.split('|');
    return `| ${codes.join(', ')} | ${source} | ${hint.replaceAll('<', '&lt;')} |`;
  });
}

function errorsPage() {
  const sections = Object.entries(CLASS_ACTION).map(
    ([errorClass, action]) => `## ${errorClass}

Keelson ${action}.

| code | of | what you can do |
|---|---|---|
${errorRows(errorClass).join('\n')}
`,
  );
  return `<!-- Made by scripts/docs.mjs from src/model/errors: edit the tables there instead. -->

# Errors

Every error has a code and a class. The code is AWS's own, or one of Keelson's; the class decides what Keelson does. Both stand with the
message and an advice in \`keelson status\`, \`keelson explain\`, the Web UI and \`status.yaml\`.

| class | what Keelson does |
|---|---|
${Object.entries(CLASS_ACTION)
  .map(([errorClass, action]) => `| [${errorClass}](#${errorClass}) | ${action} |`)
  .join('\n')}

Back-off doubles from half a second to half a minute and is spread at random. When an operation has failed five times in a row (with \`auth\` and
\`invalid\`: at once) nothing is tried for ten minutes, then twenty, at most an hour; \`keelson retry\` or a new document goes on at once.

A code that is in no table is judged by its name and its HTTP status: 429 throttles, other 5xx pass, 401 and 403 are about permission, 409
and 412 are conflicts, other 4xx are about the request.

${sections.join('\n')}`;
}

/** Columns of a result that stand below its table. */
const BELOW = ['chain', 'plot', 'stages'];

function benchmarkSection(file) {
  const { name, measuredAt, machine, rows: cases } = JSON.parse(readFileSync(`bench/results/${file}`, 'utf8'));
  const columns = [...new Set(cases.flatMap((one) => Object.keys(one)))].filter((column) => !BELOW.includes(column));
  const shown = (value) =>
    typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(3) : cell(String(value ?? '').trim());
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const chains = cases.filter((one) => one.chain !== undefined).map((one) => `- ${one.case}: ${one.chain}`);
  const stages = cases.filter((one) => one.stages !== undefined).map((one) => `- ${one.case}: ${one.stages}`);
  const plots = cases
    .filter((one) => one.plot !== undefined)
    .map((one) => `${one.case}, calls a second (x: refused):\n\n\`\`\`text\n${one.plot}\n\`\`\`\n`);
  return `## ${name}

\`npm run bench -- ${name}\`, ${measuredAt.slice(0, 10)}, ${machine.cores} cores, Node ${machine.node}, ${machine.platform}.

${line(columns)}
${line(columns.map(() => '---'))}
${cases.map((one) => line(columns.map((column) => shown(one[column])))).join('\n')}
${chains.length > 0 ? `\nThe longest chains:\n\n${chains.join('\n')}\n` : ''}${stages.length > 0 ? `\nSeconds until:\n\n${stages.join('\n')}\n` : ''}${plots.length > 0 ? `\n${plots.join('\n')}` : ''}`;
}

/** What the last runs measured of what was promised to become faster, beside what was measured before, each with its command. */
function beforeAndNow() {
  const number = (value) => (Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 2 : 1));
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const body = JSON.parse(readFileSync('bench/before.json', 'utf8')).map((one) => {
    const { rows: cases } = JSON.parse(readFileSync(`bench/results/${one.bench}.json`, 'utf8'));
    const now = cases.find((row) => row.case.trim().startsWith(one.case))?.[one.column];
    if (now === undefined) throw new Error(`bench/before.json: ${one.bench} has no ${one.column} of "${one.case}"`);
    const before = one.before === null ? '-' : `${number(one.before)} (${one.commit})`;
    const what = one.unit === '' ? one.what : `${one.what}, ${one.unit}`;
    return line([what, `\`npm run bench -- ${one.bench}\``, before, number(now), one.promised || '-']);
  });
  return [
    line(['what', 'command', 'before (commit of the result)', 'now', 'promised at most']),
    '| --- | --- | --: | --: | --- |',
    ...body,
  ].join('\n');
}

function benchmarksPage() {
  const files = readdirSync('bench/results').filter((file) => file.endsWith('.json'));
  return `<!-- Made by scripts/docs.mjs from bench/results: run the benchmark, then node scripts/docs.mjs. -->

# Benchmarks

What was measured last, on the [local region](../explanation/local-region.md). \`ratio\` is the wall time over the critical path: the longest chain of
latencies that the region has imposed and that nothing can avoid, computed by the region from its own record. \`limit\` is what is promised.
Times are of profile \`aws\`, which is an [assumption about AWS](../../packages/aws-simulator/src/profiles.ts); ratios are Keelson's.

## Before and now

From the tables below; before is what the same benchmark measured in an earlier commit (\`git show COMMIT:bench/results/NAME.json\`), where there was one. The run of creates at once was one of 200 then.

${beforeAndNow()}

${files.map(benchmarkSection).join('\n')}`;
}

const CARE_COLUMNS = {
  what: (row) => row.case,
  'how it was broken': (row) => row.how,
  noticed: (row) => `${row.noticedSeconds.toFixed(1)} s`,
  'what was done': (row) => row.done,
  'healthy again': (row) =>
    row.healthySeconds === ''
      ? '-'
      : `${row.healthySeconds.toFixed(1)} s${row.healthyAgain === 'automatically' ? '' : `, ${row.healthyAgain}`}`,
};
const NEWS_COLUMNS = {
  cause: (row) => row.case,
  way: (row) => row.way,
  times: (row) => row.times,
  p50: (row) => `${row.p50Seconds.toFixed(2)} s`,
  longest: (row) => `${row.maxSeconds.toFixed(2)} s`,
};

/** A table of a kept result, with the command that made it. */
function tableOf(name, columns, said, shows = (row) => row.doubles === undefined) {
  const file = `bench/results/${name}.json`;
  if (!existsSync(file)) return '';
  const { measuredAt, machine, rows: cases } = JSON.parse(readFileSync(file, 'utf8'));
  const cellOf = (cell) => String(cell).replaceAll('|', '\\|');
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const names = Object.keys(columns);
  const body = cases.filter(shows).map((row) => line(names.map((one) => cellOf(columns[one](row)))));
  return `Measured ${measuredAt.slice(0, 10)} on ${machine.cores} cores, Node ${machine.node.slice(1).split('.')[0]}, with \`npm run bench -- ${name}\`: ${said}\n\n${line(names)}\n${line(names.map(() => '---'))}\n${body.join('\n')}\n`;
}

/** A page's text with a table between its marks. */
const fill = (text, name, table) =>
  text.replace(
    new RegExp(`(<!-- begin: ${name} -->\\n)[\\s\\S]*?(<!-- end: ${name} -->)`),
    (_, begin, end) => begin + table + end,
  );

/** The page as it is, with the table of the run on real hosts that was kept. */
function realHostsPage() {
  const page = readFileSync('docs/explanation/real-hosts.md', 'utf8');
  const file = 'test/real/results.json';
  if (!existsSync(file)) return page;
  const { command, machine, versions, rows: scenarios } = JSON.parse(readFileSync(file, 'utf8'));
  const seconds = (value) => (value === null ? '-' : `${value.toFixed(1)} s`);
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  const body = scenarios.map((row) =>
    line([row.scenario, seconds(row.noticedSeconds), seconds(row.healthySeconds), row.done, row.seen, row.measuredOn]),
  );
  const head = line([
    'scenario',
    'noticed',
    'done, or healthy again',
    'what Keelson did',
    'what Kubernetes, etcd and EC2 showed',
    'measured on',
  ]);
  const measured = `Measured with \`${command}\` on ${machine.cores} cores, Node ${machine.node.slice(1).split('.')[0]}, K3s ${versions.first} and ${versions.next}.\n\n`;
  return fill(page, 'real', measured + head + line(Array(6).fill('---')) + body.join(''));
}

/** The page as it is, with the tables of the kept results in it. */
function repairPage() {
  const care = tableOf(
    'care',
    CARE_COLUMNS,
    'the local region on profile `demo`, all clusters side by side, `gracePeriod: 10s`. Time runs from the breakage; for what someone else has to repair, from there.',
  );
  const news = tableOf(
    'news',
    NEWS_COLUMNS,
    'from the cause to the event in the history of the cluster; on profile `demo` EventBridge takes 0.3 s, an assumption.',
  );
  return fill(fill(readFileSync('docs/explanation/repair.md', 'utf8'), 'care', care), 'news', news);
}

const FAULT_COLUMNS = {
  operation: (row) => row.operation,
  boundaries: (row) => row.boundaries,
  runs: (row) => row.runs,
  'workers killed': (row) => row.kills,
  'instances twice': (row) => row.duplicates,
  'scripts twice': (row) => row.scriptsTwice,
  leftovers: (row) => row.leftovers,
  'secrets shown': (row) => row.secrets,
  'not reached': (row) => row.unreached,
  'data lost': (row) => row.dataLost,
  'went on after (median)': (row) => secondsOf(row.resumedMedian),
  '(worst)': (row) => secondsOf(row.resumedWorst),
};
const secondsOf = (value) => (value === null ? '-' : `${value.toFixed(1)} s`);

/** The page as it is, with the tables of the campaigns that were kept: creates and batches; backups, restores, drills and rotations. */
function faultsPage() {
  const page = readFileSync('docs/explanation/faults.md', 'utf8');
  const kept = ['creates', 'restores'].filter((name) => existsSync(`test/chaos/results/${name}.json`));
  return kept.reduce((text, name) => fill(text, `chaos ${name}`, campaignTable(name)), page);
}

function campaignTable(name) {
  const {
    measuredAt,
    command,
    machine,
    minutes,
    load,
    notMetAgain,
    rows: cases,
  } = JSON.parse(readFileSync(`test/chaos/results/${name}.json`, 'utf8'));
  const line = (cells) => `| ${cells.join(' | ')} |\n`;
  const names = Object.keys(FAULT_COLUMNS);
  const body = cases.map((row) => line(names.map((one) => FAULT_COLUMNS[one](row))));
  const where = `${machine.cores} cores, load ${load.toFixed(0)}, Node ${machine.node.slice(1).split('.')[0]}`;
  const measured = `\`${command}\`, ${measuredAt.slice(0, 10)}, ${minutes.toFixed(1)} minutes on ${where}; ${notMetAgain} moments were not met again:\n\n`;
  return measured + line(names) + line(names.map((_, n) => (n === 0 ? '---' : '--:'))) + body.join('');
}

/** `rssMiB 373, coreShare 0.41`: rows of this benchmark have figures of different kinds. */
const figuresOf = ({ case: _, ...figures }) =>
  Object.entries(figures)
    .filter(([, value]) => typeof value === 'number')
    .map(([name, value]) => `${name} ${Number.isInteger(value) ? value : Number(value).toFixed(2)}`)
    .join(', ');

/** The longest chains of a create as they were, and as the record of the last run has them. */
function createPathPage() {
  const { rows: cases, measuredAt } = JSON.parse(readFileSync('bench/results/create.json', 'utf8'));
  const before = JSON.parse(readFileSync('bench/create-before.json', 'utf8'));
  const chart = (title, { criticalPathSeconds, wallSeconds, chain }) =>
    `${title}: ${criticalPathSeconds.toFixed(1)} s, Keelson took ${wallSeconds.toFixed(1)} s.\n\n\`\`\`text\n${pathChart(chain)}\n\`\`\`\n`;
  const now = cases.filter((one) => one.case.startsWith('create ha') && !one.case.includes('agents'));
  const charts = [
    chart(`Before, ${before.measuredAt.slice(0, 10)} (commit ${before.commit})`, before),
    ...now.map((one) => chart(`${one.case}, ${measuredAt.slice(0, 10)}`, one)),
  ];
  const legend = pathLegend(...[before, ...now].map(({ chain }) => chain));
  const page = readFileSync('docs/explanation/create-path.md', 'utf8');
  return fill(page, 'path', `${charts.join('\n')}\n${legend}\n`);
}

function scalePage() {
  const columns = { what: (row) => row.case.trim(), figures: figuresOf };
  const thousands = tableOf(
    'thousands',
    columns,
    'the local region on profile `aws` with nodes on paper. `coreShare` is CPU time over wall time; of the calls to AWS the ten most frequent.',
  );
  const where = 'the local region on profile `aws` with nodes on paper, a worker with a heap of 512 MiB.';
  const page = fill(readFileSync('docs/explanation/scale.md', 'utf8'), 'thousands', thousands);
  return fill(fill(page, 'running', tableOf('running', columns, where)), 'storm', tableOf('storm', columns, where));
}

const RESTORE_COLUMNS = {
  what: (row) => row.case,
  seconds: (row) => row.wallSeconds.toFixed(1),
  'at most': (row) => row.limitSeconds,
  'over its critical path': (row) => (row.ratio === undefined ? '-' : row.ratio.toFixed(2)),
  'servers of three that did not answer': (row) => row.serversDown ?? '-',
};

function backupPage() {
  const timed = ({ wallSeconds }) => wallSeconds !== undefined;
  const restore = tableOf(
    'restore',
    RESTORE_COLUMNS,
    'three servers and an agent on the local region, profile `aws`, from the request to the end of its operation.',
    timed,
  );
  return fill(readFileSync('docs/how-to/backup-and-restore.md', 'utf8'), 'restore', restore);
}

/** Folders of docs/ in the order in which they are listed. */
const SECTIONS = [
  ['how-to', 'How to', 'Steps to a goal.'],
  ['reference', 'Reference', 'What there is, complete.'],
  ['explanation', 'Explanation', 'How and why, with measurements.'],
  ['development', 'Development', 'For those who change Keelson.'],
];

/** All pages by their titles, so that none is without a way to it. */
function indexPage() {
  const titleOf = (path) => /^# (.+)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? path;
  const sections = SECTIONS.map(([folder, heading, what]) => {
    const pages = readdirSync(join('docs', folder))
      .filter((name) => name.endsWith('.md'))
      .sort()
      .map((name) => `- [${titleOf(join('docs', folder, name))}](${folder}/${name})`);
    return `## ${heading}\n\n${what}\n\n${pages.join('\n')}\n`;
  });
  return `# Documentation

New here: [README](../README.md), then [your first cluster on AWS](how-to/first-cluster-on-aws.md). New to the code:
[ARCHITECTURE](../ARCHITECTURE.md).

${sections.join('\n')}
Decisions, with their reasons: [ADRs](adr/README.md).
`;
}

/** Relative links of all pages that lead to no file. */
function brokenLinks() {
  const pages = ['.', 'docs', 'src', 'examples', 'deploy', 'test'].flatMap((folder) =>
    readdirSync(folder, { recursive: folder !== '.', withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  return pages.flatMap((from) => {
    const text = readFileSync(from, 'utf8').replaceAll(/```[\s\S]*?```|<!--[\s\S]*?-->/g, '');
    return [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)]
      .map(([, to]) => to)
      .filter((to) => !/^[a-z]+:/.test(to) && !existsSync(join(dirname(from), to)))
      .map((to) => `${from}: link to ${to}, which is not there`);
  });
}

if (process.argv.includes('--check')) {
  const problems = brokenLinks();
  for (const [path, page] of Object.entries(PAGES)) {
    if (!existsSync(path) || readFileSync(path, 'utf8') !== page())
      problems.push(`${path} is not up to date: node scripts/docs.mjs`);
  }
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
} else {
  for (const [path, page] of Object.entries(PAGES)) writeFileSync(path, page());
}
