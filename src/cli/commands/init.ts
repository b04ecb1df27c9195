import { mkdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { problemText } from '../../document/problem.js';
import { readDocument } from '../../document/read.js';
import { jsonSchema } from '../../model/spec/json-schema.js';
import { pathText } from '../../model/spec/violation.js';
import { CliError, EXIT } from '../exit.js';
import { type Choices, documentText, SCHEMA_FILE } from '../init/document.js';
import { askNetwork } from '../init/networks.js';
import { say } from '../io.js';
import { isOnTerminal, Prompt } from '../prompt.js';
import type { Session } from '../session.js';

export interface InitOptions {
  region?: string;
  mode?: string;
  instanceType?: string;
  version?: string;
  file?: string;
  /** Asks nothing. */
  yes: boolean;
}

/**
 * `keelson init [NAME]`: writes a valid, commented document, and its schema beside it. On a terminal it asks for everything without an
 * option; with `--yes` and without a terminal it takes the defaults. It overwrites a document only after a yes to that question.
 *
 * @throws CliError `invalid` for an invalid document, `refused` for a file that exists, `interrupted` on Ctrl-C
 */
export async function init(session: Session, name: string | undefined, options: InitOptions): Promise<void> {
  const { io } = session;
  const prompt = options.yes || !isOnTerminal(io) ? null : new Prompt(io);
  try {
    const choices = await choose(session, prompt, name, options);
    const file = options.file ?? `${choices.name}.yaml`;
    const text = documentText(choices);
    const read = readDocument(text, file);
    if (!read.ok) throw new CliError(EXIT.invalid, read.problems.map(problemText).join('\n'));
    await write(session, prompt, file, text);
    say(io, `${file} is written; next:\n  keelson plan -f ${file}\n  keelson apply -f ${file} --wait`);
  } finally {
    prompt?.close();
  }
}

async function choose(
  session: Session,
  prompt: Prompt | null,
  given: string | undefined,
  options: InitOptions,
): Promise<Choices> {
  const { env } = session.io;
  const home = env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || null;
  const plain: Choices = { name: 'shop', region: 'eu-west-1', mode: 'dev', instanceType: 't3.medium', network: null };
  /** Returns the answer to a question, or the option that replaces it. */
  const take = async (
    field: 'name' | 'region' | 'mode' | 'instanceType',
    label: string,
    option: string | undefined,
    fallback: string | null,
    missing: string,
  ): Promise<string> => {
    if (option !== undefined) return option;
    if (prompt !== null) return prompt.ask({ label, fallback, problem: (answer) => wrong(plain, field, answer) });
    if (fallback === null) throw new CliError(EXIT.invalid, missing, 'keelson init shop-eu --region eu-west-1');
    return fallback;
  };
  const name = await take('name', 'Name of the cluster', given, null, 'no name is given');
  const region = await take('region', 'AWS region', options.region, home, 'no AWS region is named');
  const mode = await take('mode', 'Mode (dev: one server, ha: three)', options.mode, 'dev', '');
  const instanceType = await take(
    'instanceType',
    'Instance type of the servers',
    options.instanceType,
    't3.medium',
    '',
  );
  const network = prompt === null ? null : await askNetwork(session, prompt, region);
  return { name, region, mode, instanceType, version: options.version, network };
}

/** Returns what `validate` says of an answer, in an otherwise valid document. */
function wrong(plain: Choices, field: 'name' | 'region' | 'mode' | 'instanceType', answer: string): string | null {
  const read = readDocument(documentText({ ...plain, [field]: answer }), 'answer');
  if (read.ok) return null;
  const own = read.problems.find(({ path }) => pathText(path).endsWith(field));
  return own === undefined ? null : `${own.message}${own.hint === '' ? '' : ` (${own.hint})`}`;
}

async function write({ io }: Session, prompt: Prompt | null, file: string, text: string): Promise<void> {
  const path = resolve(io.cwd, file);
  const isThere = await stat(path).then(
    () => true,
    () => false,
  );
  if (isThere && !(await mayOverwrite(prompt, file)))
    throw new CliError(EXIT.refused, `${file} is there already`, 'name another one: --file FILE');
  try {
    const schema = join(dirname(path), SCHEMA_FILE);
    await mkdir(dirname(schema), { recursive: true });
    await writeFile(schema, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
    // A file that appeared meanwhile stays.
    await writeFile(path, text, { flag: isThere ? 'w' : 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError(EXIT.refused, `${file} cannot be written (${code})`, 'name another one: --file FILE', {
      cause: error,
    });
  }
}

async function mayOverwrite(prompt: Prompt | null, file: string): Promise<boolean> {
  if (prompt === null) return false;
  const answer = await prompt.ask({ label: `${file} is there already. Write over it? (yes/no)`, fallback: 'no' });
  return answer === 'yes' || answer === 'y';
}
