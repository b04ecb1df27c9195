import { chmodSync, mkdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { CliError, EXIT } from '../exit.js';

const named = z.looseObject({ name: z.string() });
const entries = z.array(named).nullish();

/** As much of the format as merging needs; what it does not know stays as it is. [docs: kubeconfig v1] */
const schema = z.looseObject({
  apiVersion: z.string().optional(),
  kind: z.string().optional(),
  clusters: entries,
  users: entries,
  contexts: entries,
  'current-context': z.string().nullish(),
});
export type Kubeconfig = z.infer<typeof schema>;

const LISTS = ['clusters', 'users', 'contexts'] as const;

/** K3s calls everything `default`; among other clusters it goes by the cluster's name. */
export function renameKubeconfig(text: string, name: string): Kubeconfig {
  const config = read(text, `the stored kubeconfig of ${name}`);
  const renamed = (list: z.infer<typeof entries>) => (list ?? []).map((entry) => ({ ...entry, name }));
  return {
    ...config,
    clusters: renamed(config.clusters),
    users: renamed(config.users),
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  };
}

/** Entries of the same name are replaced, all others are left alone. */
export function mergeKubeconfig(existing: string | null, added: Kubeconfig, { use }: { use: boolean }): string {
  if (existing === null || existing.trim() === '') return stringify(added, { lineWidth: 0 });
  const config = read(existing, 'the file');
  const merged: Kubeconfig = { ...config, apiVersion: config.apiVersion ?? 'v1', kind: config.kind ?? 'Config' };
  for (const list of LISTS) {
    const fresh = added[list] ?? [];
    merged[list] = [...(config[list] ?? []).filter((one) => !fresh.some((other) => other.name === one.name)), ...fresh];
  }
  if (use || !config['current-context']) merged['current-context'] = added['current-context'];
  return stringify(merged, { lineWidth: 0 });
}

/** Merges into a file, which is then readable by its owner alone. It is replaced at once, never half written. */
export function mergeIntoFile(cwd: string, file: string, added: Kubeconfig, options: { use: boolean }): string {
  const path = followed(resolve(cwd, file));
  let existing: string | null = null;
  try {
    existing = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unusable(file, error);
  }
  const text = mergeKubeconfig(existing, added, options);
  const temporary = `${path}.keelson-${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(temporary, text, { mode: 0o600 });
    chmodSync(temporary, 0o600);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw unusable(file, error);
  }
  return path;
}

/** A link to the file stays a link. */
function followed(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const unusable = (file: string, cause: unknown): CliError =>
  new CliError(
    EXIT.invalid,
    `${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
    'name a file that can be written',
    { cause },
  );

function read(text: string, what: string): Kubeconfig {
  try {
    return schema.parse(parse(text));
  } catch (error) {
    throw new CliError(EXIT.invalid, `${what} is no kubeconfig`, 'move it away, or name another file', {
      cause: error,
    });
  }
}
