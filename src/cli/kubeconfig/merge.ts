import { Document, isMap, isScalar, parseDocument, YAMLMap, YAMLSeq } from 'yaml';
import { CliError, EXIT } from '../exit.js';
import { clusterFields, entryOf, freshKubeconfig, listIn, quoted, stringIn, textOf, userFields } from './document.js';
import type { Access } from './stored.js';

export interface MergeOptions {
  /** Make it the current context. */
  use: boolean;
  /** Replace an entry of this name even if it belongs to another cluster. */
  replace: boolean;
}

/** Each list with the key under which an entry holds its content. [docs: kubeconfig v1] */
const LISTS = { clusters: 'cluster', users: 'user', contexts: 'context' } as const;
type List = keyof typeof LISTS;

/** Other fields for the same setting: with both, kubectl takes the wrong one or refuses. [client-go: validation.go] */
const RIVALS: Readonly<Record<List, readonly string[]>> = {
  clusters: ['certificate-authority', 'insecure-skip-tls-verify'],
  users: ['client-certificate', 'client-key', 'exec', 'auth-provider', 'token', 'tokenFile', 'username', 'password'],
  contexts: [],
};

/**
 * Puts a cluster's access into the text of a kubeconfig. It changes only server, CA and client pair of the cluster's own entries: a
 * namespace or proxy-url that a person has set, entries of others and comments stay as they are, each value as it was written.
 *
 * @param existing null or empty when there is no file yet
 * @throws CliError `invalid` when the text is not a kubeconfig, `refused` when an entry of this name belongs to another cluster
 */
export function mergeKubeconfig(existing: string | null, name: string, access: Access, options: MergeOptions): string {
  if (existing === null || existing.trim() === '') return textOf(freshKubeconfig(name, access));
  const document = readKubeconfig(existing);
  const foreign = options.replace ? null : foreignIn(document, name, access);
  if (foreign !== null)
    throw new CliError(
      EXIT.refused,
      `the file has a ${foreign} named ${name} that is of another cluster`,
      '--replace replaces it; --merge into another file keeps both',
    );
  put(document, 'clusters', name, clusterFields(access));
  put(document, 'users', name, userFields(access));
  put(document, 'contexts', name, { cluster: name, user: name });
  if (document.get('apiVersion') == null) document.set('apiVersion', 'v1');
  if (document.get('kind') == null) document.set('kind', 'Config');
  if (options.use || !document.get('current-context')) setString(document.contents as YAMLMap, 'current-context', name);
  return textOf(document, existing);
}

/** Returns whether a file holds this cluster's entries and no others, so that it may be replaced as a whole. */
export function isOfCluster(existing: string, name: string): boolean {
  const document = readKubeconfig(existing);
  return (Object.keys(LISTS) as List[]).every((list) =>
    (listIn(document, list)?.items ?? []).every((one) => isMap(one) && stringIn(one, 'name') === name),
  );
}

/** @returns whether the file has the cluster's context */
export const hasContext = (existing: string, name: string): boolean =>
  entryOf(listIn(readKubeconfig(existing), 'contexts'), name) !== null;

/** Sets the current context and nothing else. */
export function withCurrentContext(existing: string | null, name: string): string {
  const document =
    existing === null || existing.trim() === ''
      ? new Document({ apiVersion: 'v1', kind: 'Config' })
      : readKubeconfig(existing);
  setString(document.contents as YAMLMap, 'current-context', name);
  return textOf(document, existing ?? '');
}

/**
 * Without types, so that other scalars are written back as they were read: the number 012 would become 12. Only null stays null. [yaml:
 * failsafe schema]
 */
function readKubeconfig(text: string): Document {
  const document: Document = parseDocument(text, { schema: 'failsafe', customTags: (tags) => [...tags, 'null'] });
  // A file of nothing but comments.
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null))
    document.contents = new YAMLMap();
  const [problem] = document.errors;
  const lists = Object.keys(LISTS).map((key): unknown =>
    document.contents !== null && isMap(document.contents) ? document.get(key, true) : null,
  );
  const isConfig =
    isMap(document.contents) &&
    lists.every((one) => one == null || (isScalar(one) && one.value === null) || one instanceof YAMLSeq);
  if (problem === undefined && isConfig) return document;
  throw new CliError(
    EXIT.invalid,
    `the file is not a kubeconfig${problem === undefined ? '' : `: ${problem.message.split('\n')[0]}`}`,
    'move it away, or name another file',
    { cause: problem },
  );
}

/** The cluster's own entries lead to it: by the same CA or the same address. @returns entries of others */
function foreignIn(document: Document, name: string, { server, ca }: Access): string | null {
  const entry = (list: List): YAMLMap | null => entryOf(listIn(document, list), name);
  const [cluster, user, context] = [entry('clusters'), entry('users'), entry('contexts')];
  const content = cluster === null ? null : bodyOf(cluster, 'clusters');
  const isOurs =
    content !== null &&
    (stringIn(content, 'certificate-authority-data') === ca || stringIn(content, 'server') === server);
  if (cluster !== null && !isOurs) return 'cluster';
  if (user !== null && !isOurs) return 'user';
  if (context === null) return null;
  const target = bodyOf(context, 'contexts');
  return isOurs && target !== null && stringIn(target, 'cluster') === name ? null : 'context';
}

function bodyOf(entry: YAMLMap, list: List): YAMLMap | null {
  const body: unknown = entry.get(LISTS[list], true);
  return isMap(body) ? body : null;
}

function put(document: Document, list: List, name: string, fields: Readonly<Record<string, string>>): void {
  let entries = listIn(document, list);
  if (entries === null) {
    entries = new YAMLSeq();
    document.set(list, entries);
  }
  // kubectl writes an empty list as [].
  if (entries.items.length === 0) entries.flow = false;
  let entry = entryOf(entries, name);
  if (entry === null) {
    entry = new YAMLMap();
    entry.set('name', quoted(name));
    entries.add(entry);
  }
  let body = bodyOf(entry, list);
  if (body === null) {
    body = new YAMLMap();
    entry.set(LISTS[list], body);
  }
  for (const [key, value] of Object.entries(fields)) setString(body, key, value);
  for (const key of RIVALS[list]) body.delete(key);
}

/** An unchanged value keeps its place, its quotes and its comment. */
function setString(map: YAMLMap, key: string, value: string): void {
  const held: unknown = map.get(key, true);
  if (isScalar(held) && held.value === value && held.type?.startsWith('QUOTE')) return;
  if (isScalar(held)) {
    held.value = value;
    held.type = 'QUOTE_DOUBLE';
  } else map.set(key, quoted(value));
}
