import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { problemText } from '../../document/problem.js';
import { readDocument } from '../../document/read.js';
import { CliError, EXIT } from '../exit.js';
import { say } from '../io.js';
import type { Session } from '../session.js';

export interface InitOptions {
  region?: string;
  mode: string;
  instanceType: string;
  version?: string;
  file?: string;
}

/** A release that Keelson is tested with. */
const VERSION = 'v1.34.2+k3s1';
/** Works wherever the file lies. [yaml-language-server: modeline] */
const SCHEMA = 'https://unpkg.com/keelson/schema/cluster.schema.json';

/** `keelson init NAME`: writes a valid document, and never over a file. */
export async function init({ io }: Session, name: string, options: InitOptions): Promise<void> {
  const region = options.region ?? io.env['AWS_REGION'] ?? io.env['AWS_DEFAULT_REGION'];
  if (!region) throw new CliError(EXIT.invalid, 'no AWS region is named', `keelson init ${name} --region eu-west-1`);
  const text = `# yaml-language-server: $schema=${SCHEMA}
apiVersion: keelson/v1
kind: Cluster
metadata:
  name: ${name}
spec:
  region: ${region}
  mode: ${options.mode} # dev: one server; ha: three servers with embedded etcd
  servers:
    instanceType: ${options.instanceType}
  pools: [] # agents: [{ name: workers, count: 2, instanceType: t3.large }]
  k3s:
    version: ${options.version ?? VERSION}
  deletion:
    protect: false # true: \`keelson delete\` is refused
`;
  const file = options.file ?? `${name}.yaml`;
  const read = readDocument(text, file);
  if (!read.ok) throw new CliError(EXIT.invalid, read.problems.map(problemText).join('\n'));
  try {
    await writeFile(resolve(io.cwd, file), text, { flag: 'wx' });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError(
      EXIT.refused,
      code === 'EEXIST' ? `${file} is there already` : `${file} cannot be written (${code})`,
      'name another one: --file FILE',
      { cause: error },
    );
  }
  say(io, `${file} is written; next:\n  keelson plan -f ${file}\n  keelson apply -f ${file} --wait`);
}
