/** Answers of the simulated API server: enough for kubectl to discover it and to read Nodes. */
import type { KubeCluster } from '../cluster.js';
import { NODE_COLUMNS, nodeRow } from '../kubectl/node-table.js';
import { type ApiReply, json, status, text } from './reply.js';

export interface ApiRequest {
  cluster: KubeCluster;
  /** PEM, as the server has loaded it. */
  serverCa: string;
  version: string;
  /** Returns the subject of a certificate of the cluster's client CA; null without one, or after its end. */
  client: { user: string; groups: readonly string[] } | null;
  available: boolean;
  /** Checks of /readyz that fail whatever etcd does. */
  failingChecks: readonly string[];
  method: string;
  url: URL;
  accept: string;
}

const CHECKS = [
  'ping',
  'log',
  'etcd',
  'etcd-readiness',
  'informer-sync',
  'poststarthook/start-apiextensions-controllers',
];

export function answer(request: ApiRequest): ApiReply {
  const { cluster, url, available, failingChecks } = request;
  const path = url.pathname.replace(/\/$/, '');
  if (path === '/cacerts') return text(200, request.serverCa);
  if (path === '/ping') return text(200, 'pong');
  if (request.client === null) return status(401, 'Unauthorized', 'Unauthorized');
  if (/^\/(readyz|livez|healthz)$/.test(path)) {
    return health(path.slice(1), available, failingChecks, url.searchParams.has('verbose'));
  }
  if (path === '/version') return json(versionInfo(request.version));
  // There are no roles to bind here: a user without administrator rights may do nothing more.
  if (!request.client.groups.includes('system:masters'))
    return status(403, 'Forbidden', `User "${request.client.user}" cannot ${request.method} path "${path}"`);
  if (!available) return status(503, 'ServiceUnavailable', 'etcdserver: no leader');
  if (request.method !== 'GET') return status(405, 'MethodNotAllowed', 'the simulated API server is read-only');
  if (path === '/api') return json({ kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] });
  if (path === '/apis') return json({ kind: 'APIGroupList', apiVersion: 'v1', groups: [] });
  if (path === '/api/v1') return json(resources);
  if (path === '/api/v1/nodes') return nodes(cluster, request.accept);
  const name = /^\/api\/v1\/nodes\/([^/]+)$/.exec(path)?.[1];
  if (name !== undefined) return node(cluster, decodeURIComponent(name), request.accept);
  if (path === '/api/v1/namespaces') return json(list('NamespaceList', namespaces));
  if (/^\/api\/v1\/(namespaces\/[^/]+\/)?pods$/.test(path)) return json(list('PodList', []));
  return status(404, 'NotFound', 'the server could not find the requested resource');
}

function nodes(cluster: KubeCluster, accept: string): ApiReply {
  const objects = cluster.nodeObjects();
  return json(accept.includes('as=Table') ? table(objects) : list('NodeList', objects));
}

function node(cluster: KubeCluster, name: string, accept: string): ApiReply {
  const found = cluster.nodeObjects().find(({ metadata }) => metadata.name === name);
  if (!found) return status(404, 'NotFound', `nodes "${name}" not found`);
  return json(accept.includes('as=Table') ? table([found]) : found);
}

function table(objects: ReturnType<KubeCluster['nodeObjects']>) {
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: '1' },
    columnDefinitions: NODE_COLUMNS.map(({ name, type, format, wide }) => ({
      name,
      type,
      format,
      description: name,
      priority: wide ? 1 : 0,
    })),
    rows: objects.map((object) => ({
      cells: nodeRow(object),
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata },
    })),
  };
}

/** Returns kube-apiserver's checks by name; etcd's fail without a quorum, and those of /readyz on request. */
export function health(endpoint: string, available: boolean, told: readonly string[], verbose: boolean): ApiReply {
  const ofEtcd = available ? [] : CHECKS.filter((check) => check.startsWith('etcd'));
  const failing = new Set([...ofEtcd, ...(endpoint === 'readyz' ? told : [])]);
  const lines = [...new Set([...CHECKS, ...failing])].map((check) =>
    failing.has(check) ? `[-]${check} failed: reason withheld` : `[+]${check} ok`,
  );
  if (failing.size > 0) return text(500, `${lines.join('\n')}\n${endpoint} check failed\n`);
  return text(200, verbose ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok');
}

export function versionInfo(version: string) {
  const [, major = '1', minor = ''] = /^v(\d+)\.(\d+)/.exec(version) ?? [];
  return { major, minor, gitVersion: version, gitTreeState: 'clean', platform: 'linux/amd64' };
}

const resources = {
  kind: 'APIResourceList',
  groupVersion: 'v1',
  resources: [
    {
      name: 'namespaces',
      singularName: 'namespace',
      namespaced: false,
      kind: 'Namespace',
      verbs: ['list'],
      shortNames: ['ns'],
    },
    {
      name: 'nodes',
      singularName: 'node',
      namespaced: false,
      kind: 'Node',
      verbs: ['get', 'list'],
      shortNames: ['no'],
    },
    { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs: ['list'], shortNames: ['po'] },
  ],
};

const namespaces = ['default', 'kube-node-lease', 'kube-public', 'kube-system'].map((name) => ({
  metadata: { name },
  spec: {},
  status: { phase: 'Active' },
}));

function list(kind: string, items: object[]) {
  return { kind, apiVersion: 'v1', metadata: { resourceVersion: '1' }, items };
}
