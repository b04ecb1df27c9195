import { resolve } from 'node:path';
import { BUCKET_KEY, bucketKeyOf } from '../../model/bucket.js';
import { fetchStatus } from '../attendance/fetch-status.js';
import { CliError, EXIT } from '../exit.js';
import { type Io, say } from '../io.js';
import { freshKubeconfig, textOf } from '../kubeconfig/document.js';
import { type Edit, editFiles } from '../kubeconfig/file.js';
import { defaultLocation } from '../kubeconfig/location.js';
import { isOfCluster, mergeKubeconfig, withCurrentContext } from '../kubeconfig/merge.js';
import { type PersonOptions, type PersonRequest, personOf } from '../kubeconfig/person.js';
import { shortLived } from '../kubeconfig/short-lived.js';
import { type Access, readStored } from '../kubeconfig/stored.js';
import type { Session } from '../session.js';

export interface KubeconfigOptions extends PersonOptions {
  /** Write it to this file instead of printing it. */
  file?: string;
  /** Merge it into this file; `true` means kubectl's own. */
  merge?: string | true;
  /** Make it the current context of that file. */
  use: boolean;
  /** Replace an entry of this name even if it belongs to another cluster. */
  replace: boolean;
}

/**
 * `keelson kubeconfig NAME`: writes to stdout, to a separate file, or merges into one; only their owner can read the files. With `--user`,
 * `--group` or `--ttl` it contains a short-lived certificate of a person instead of the administrator's.
 */
export async function kubeconfig(session: Session, name: string, options: KubeconfigOptions): Promise<void> {
  const { io } = session;
  if (options.file !== undefined && options.merge !== undefined)
    throw new CliError(
      EXIT.invalid,
      '--file and --merge exclude each other',
      '--file writes a file of its own, --merge keeps what is in one',
    );
  const person = personOf(options, io.user);
  const stored = await fetchAccess(session, name);
  const access = person === null ? stored : await accessOf(session, stored, person);
  if (options.file !== undefined) return await writeAlone(io, options.file, name, access);
  if (options.merge !== undefined) return await merge(io, options.merge, name, access, options);
  io.stdout.write(textOf(freshKubeconfig(name, access)));
}

async function fetchAccess(session: Session, name: string): Promise<Access> {
  const { apiAddress, caHash, phase } = (await fetchStatus(session, name)).status;
  const stored = await (await session.bucket()).get(bucketKeyOf(name, BUCKET_KEY.kubeconfig));
  if (stored !== null && apiAddress !== null) return readStored(stored.text, { name, apiAddress, caHash });
  throw new CliError(EXIT.failed, `${name} has no kubeconfig yet: it is ${phase}`, `keelson status ${name} --watch`);
}

async function accessOf({ io }: Session, stored: Access, person: PersonRequest): Promise<Access> {
  const { access, until } = await shortLived(stored, person, io.user, io.signal);
  const groups = person.groups.length === 0 ? 'in no group' : `in ${person.groups.join(', ')}`;
  say(
    io,
    `user ${person.user}, ${groups}, until ${until.toISOString()}; what they may do is up to RBAC of the cluster`,
  );
  return access;
}

async function writeAlone(io: Io, file: string, name: string, access: Access): Promise<void> {
  const path = resolve(io.cwd, file);
  const edit = (existing: string | null): string => {
    if (existing !== null && existing.trim() !== '' && !isOfCluster(existing, name))
      throw new CliError(EXIT.refused, `the file holds more than ${name}`, '--merge keeps what is in it');
    return textOf(freshKubeconfig(name, access));
  };
  await editFiles([{ path, edit }], io.signal);
  say(io, `written to ${path}: kubectl --kubeconfig ${path} get nodes`);
}

async function merge(
  io: Io,
  file: string | true,
  name: string,
  access: Access,
  { use, replace }: KubeconfigOptions,
): Promise<void> {
  const named = file === true ? null : resolve(io.cwd, file);
  const { path, current } = named === null ? defaultLocation(io.env, io.cwd, name) : { path: named, current: named };
  const edits: Edit[] = [
    { path, edit: (existing) => mergeKubeconfig(existing, name, access, { use: use && path === current, replace }) },
  ];
  if (use && current !== path) edits.push({ path: current, edit: (existing) => withCurrentContext(existing, name) });
  await editFiles(edits, io.signal);
  const where = file === true ? '' : ` --kubeconfig ${path}`;
  say(io, `merged into ${path}: kubectl${where} --context ${name} get nodes`);
}
