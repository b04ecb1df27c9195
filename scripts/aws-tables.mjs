// The tables by which the local region judges calls: what AWS takes, from the AWS SDK that is installed (schemas and doc comments).
//   npm run aws-tables                           writes packages/aws-simulator/src/aws-tables/{ec2,ssm,s3,sqs,sts,sns,eventbridge,iam,service-quotas,limits}.json
//   node scripts/aws-tables.mjs --check          fails if the tables are not what the installed SDK says
//   node scripts/aws-tables.mjs --check --botocore    and neither are the limits, which come from botocore (installed with moto)
//   node scripts/aws-tables.mjs --unread         lists what sounds like a limit in the doc comments and is not in the tables
// Another call: add it to packages/aws-simulator/src/aws-tables/calls.json, then `npm run aws-tables`.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { botocoreIn, checkFilters, limitsOf } from './aws-tables/botocore.mjs';
import { docsOf, sentencesOf } from './aws-tables/docs.mjs';
import { commandFilters, ec2Filters, instanceFilters } from './aws-tables/filters.mjs';
import { structuresOf } from './aws-tables/schemas.mjs';
import { readSentences } from './aws-tables/sentences.mjs';
import { pythonTool } from './tools/python.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const FOLDER = 'packages/aws-simulator/src/aws-tables';
const CALLS = JSON.parse(readFileSync(`${FOLDER}/calls.json`, 'utf8'));
/** Lists of names that AWS adds to week by week: a name that the installed SDK does not know yet is not a mistake of the caller. */
const GROWING = 200;
const JSON_SERVICES = new Set(['ssm', 'sqs', 'eventbridge', 'service-quotas']);
/** Botocore has some services under another name than the SDK for JavaScript. */
const IN_BOTOCORE = { eventbridge: 'events' };
const CHECK = process.argv.includes('--check');
const UNREAD = process.argv.includes('--unread');

const unread = [];

async function tableOf(service) {
  const sdk = await import(`@aws-sdk/client-${service}`);
  const { version } = JSON.parse(readFileSync(`node_modules/@aws-sdk/client-${service}/package.json`, 'utf8'));
  const docs = docsOf(service);
  const { inputs, structures } = structuresOf(sdk, CALLS[service]);
  const calls = Object.fromEntries([...inputs].map(([call, input]) => [call, callOf(call, input, docs, sdk)]));
  const named = [...structures].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    from: `@aws-sdk/client-${service} ${version}: schemas and doc comments, read by scripts/aws-tables.mjs`,
    calls,
    structures: Object.fromEntries(
      named.map(([name, members]) => [name, structureOf(name, members, docs, sdk, JSON_SERVICES.has(service))]),
    ),
  };
}

function callOf(call, { input, http }, docs, sdk) {
  const filters = filtersOf(call, input, docs, sdk);
  const [method, uri] = http ?? [];
  return { input, ...(uri !== undefined && uri !== '/' && { http: `${method} ${uri}` }), ...(filters && { filters }) };
}

function filtersOf(call, input, docs, sdk) {
  const { html, declared } = docs.get(`${input}.Filters`) ?? {};
  if (html === undefined) return undefined;
  if (/\bInstanceInformationStringFilter\b/.test(declared))
    return instanceFilters(sentencesOf(docs.get('InstanceInformationStringFilter.Key').html));
  if (/\bCommandFilter\b/.test(declared)) {
    const keys = Object.values(sdk.CommandFilterKey);
    const key = sentencesOf(docs.get('CommandFilter.key').html);
    return commandFilters(call, keys, key, docs.get('CommandFilter.value').html);
  }
  const filters = ec2Filters(html);
  if (Object.keys(filters).length === 0) throw new Error(`the SDK lists no filters of ${call}`);
  return filters;
}

function structureOf(name, members, docs, sdk, inJson) {
  const entries = [...members].map(([member, { type, wire, at, required }]) => {
    const { html = '', declared = '' } = docs.get(`${name}.${member}`) ?? docs.get(`_${name}.${member}`) ?? {};
    const { said, unread: rest } = readSentences(sentencesOf(html), member, [...members.keys()]);
    // Of lists of filters every sentence is about a filter.
    if (member !== 'Filters') unread.push(...rest.map((sentence) => `${name}.${member}: ${sentence}`));
    const values = said.values ?? enumerationOf(declared, sdk);
    const record = {
      // In JSON every member has its own name.
      ...(wire !== member && !inJson && { wire }),
      ...(at !== undefined && { at }),
      type,
      ...(required && { required }),
      ...said,
      ...(values !== undefined && { values }),
    };
    return [member, record];
  });
  return Object.fromEntries(entries);
}

/** The declared type names an enumeration of the SDK: `InstanceStateName | undefined`, `AttributeName[] | undefined`. */
function enumerationOf(declared, sdk) {
  const names = declared.match(/\b_?[A-Z]\w+\b/g) ?? [];
  for (const name of names) {
    const known = sdk[name];
    if (typeof known !== 'object' || known === null || Array.isArray(known)) continue;
    const values = Object.values(known);
    if (values.length > 0 && values.length <= GROWING && values.every((one) => typeof one === 'string')) return values;
  }
  return undefined;
}

const line = (value) => JSON.stringify(value);

function block(object, depth, last) {
  const pad = '  '.repeat(depth);
  const rows = Object.entries(object).map(([key, value]) => `${pad}  ${line(key)}: ${last(value, depth + 1)}`);
  return rows.length === 0 ? '{}' : `{\n${rows.join(',\n')}\n${pad}}`;
}

/** A line for each member and each filter: so that a difference can be read. */
function written(table) {
  const call = ({ filters, ...rest }, depth) =>
    filters === undefined
      ? line(rest)
      : block({ ...rest, filters }, depth, (value, at) => (value === filters ? block(value, at, line) : line(value)));
  return `{
  "from": ${line(table.from)},
  "calls": ${block(table.calls, 1, call)},
  "structures": ${block(table.structures, 1, (members, depth) => block(members, depth, line))}
}
`;
}

/** Writes the file, or with --check compares it. */
function put(path, text) {
  if (UNREAD) return;
  if (!CHECK) writeFileSync(path, text);
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) {
    console.error(`${path} is not what the sources say: npm run aws-tables`);
    process.exitCode = 1;
  }
}

const tables = {};
for (const service of Object.keys(CALLS)) {
  tables[service] = await tableOf(service);
  put(`${FOLDER}/${service}.json`, written(tables[service]));
}
if (UNREAD) console.log(unread.join('\n'));
if (process.argv.includes('--botocore')) {
  const { version, model } = botocoreIn(join(await pythonTool('moto'), '..'));
  checkFilters(tables.ec2, model('ec2'));
  const limits = Object.entries(tables).map(([service, table]) => [
    service,
    limitsOf(table, model(IN_BOTOCORE[service] ?? service)),
  ]);
  const from = `botocore ${version}, its models of the services: limits that the SDK for JavaScript does not carry`;
  put(
    `${FOLDER}/limits.json`,
    `${block({ from, ...Object.fromEntries(limits) }, 0, (value, depth) => (typeof value === 'string' ? line(value) : block(value, depth, line)))}\n`,
  );
}
