import { confirmedFinding } from '../health/findings.js';
import { fingerprint } from '../k3s/fingerprint.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';

export type { StoredFiles } from '../state/node.js';

/** Nodes that get the same files: all servers, or the agents of a pool. An agent never gets what only servers may read. */
export const groupOf = ({ pool }: Pick<Slot, 'pool'>): string => (pool === null ? 'servers' : `pool-${pool}`);

export interface Manifest {
  name: string;
  content: string;
}

/** What a group of nodes gets besides K3s and its configuration. */
export interface NodeFiles {
  /** Servers only: K3s applies them. */
  manifests: Manifest[];
  files: { path: string; mode: string; content: string }[];
  environment: Record<string, string>;
  /** Text of a script; empty for none. */
  before: string;
  after: string;
}

/** Returns the document's files, by group; groups without files are left out. */
export function wantedFiles({ spec }: ClusterDocument): Record<string, NodeFiles> {
  const { environment, manifests } = spec.k3s;
  const groups = [
    { name: groupOf({ pool: null }), node: spec.servers.node, manifests: manifests.map(manifestOf) },
    ...spec.pools.map((pool) => ({ name: groupOf({ pool: pool.name }), node: pool.node, manifests: [] })),
  ];
  return Object.fromEntries(
    groups.flatMap(({ name, node, manifests: own }) => {
      const files: NodeFiles = {
        manifests: own,
        files: node.files.map(({ path, mode, content = '' }) => ({ path, mode, content })),
        environment,
        before: node.before ?? '',
        after: node.after ?? '',
      };
      return isNothing(files) ? [] : [[name, files]];
    }),
  );
}

const manifestOf = ({ name, content = '' }: { name: string; content?: string | undefined }): Manifest => ({
  name,
  content,
});

export const NO_FILES: NodeFiles = { manifests: [], files: [], environment: {}, before: '', after: '' };

const isNothing = (files: NodeFiles): boolean => JSON.stringify(files) === JSON.stringify(NO_FILES);

export const filesFingerprint = (files: NodeFiles): string => fingerprint(JSON.stringify(files));

/**
 * Returns the bundles for the bucket: those of the document, and an empty one for a group that has had one, so that its nodes learn to
 * delete their files.
 */
export function wantedBundles(
  document: ClusterDocument,
  { nodeFiles }: Pick<ClusterState, 'nodeFiles'>,
): Record<string, NodeFiles> {
  const groups = ['servers', ...document.spec.pools.map(({ name }) => groupOf({ pool: name }))];
  const had = groups.filter((group) => nodeFiles[group] !== undefined);
  return { ...Object.fromEntries(had.map((group) => [group, NO_FILES])), ...wantedFiles(document) };
}

/** Returns the groups whose bundle in the bucket differs from the document's. */
export function outdatedBundles(document: ClusterDocument, state: Pick<ClusterState, 'nodeFiles'>): string[] {
  return Object.entries(wantedBundles(document, state))
    .filter(([group, files]) => state.nodeFiles[group]?.of !== filesFingerprint(files))
    .map(([group]) => group);
}

/** Returns what requires a restart of K3s when it changes: files and environment; null if a node has neither. */
export function restartFingerprint(document: ClusterDocument, slot: Pick<Slot, 'pool'>): string | null {
  const { files, environment } = wantedFiles(document)[groupOf(slot)] ?? NO_FILES;
  const nothing = files.length === 0 && Object.keys(environment).length === 0;
  return nothing ? null : fingerprint(JSON.stringify([files, environment]));
}

/** Returns the same value for servers with the same manifests. */
export function manifestsFingerprint({ spec }: ClusterDocument): string | null {
  const { manifests } = spec.k3s;
  return manifests.length === 0 ? null : fingerprint(JSON.stringify(manifests.map(manifestOf)));
}

/** Returns the running servers that hold other manifests than the document's, or whose manifests someone has changed by hand. */
export function outdatedServers(document: ClusterDocument, state: Pick<ClusterState, 'slots' | 'findings'>): Slot[] {
  const wanted = manifestsFingerprint(document);
  return Object.values(state.slots).filter(
    ({ name, role, joined, instance, service, manifests }) =>
      role === 'server' &&
      joined &&
      instance?.power === 'running' &&
      service === 'running' &&
      (manifests !== wanted || (wanted !== null && confirmedFinding(state, name, 'manifests') !== null)),
  );
}

/** Returns the manifests that K3s has applied and that the document no longer has. */
export function departedManifests({ spec }: ClusterDocument, state: Pick<ClusterState, 'manifests'>): string[] {
  const names = new Set(spec.k3s.manifests.map(({ name }) => name));
  return state.manifests.filter((name) => !names.has(name));
}
