/** The scripts that run on nodes, read once from this folder, and the helpers that each of them needs in front. */
import { readFileSync } from 'node:fs';

const DOWNLOAD = ['transfer', 'binary'];
/** Questions to Kubernetes, and to etcd about its members. */
const KUBECTL = ['etcd', 'kubectl'];
/** Fetches or stores by presigned URLs. */
const URLS = ['seal', 'unseal', 'urls'];
const SERVICE = ['transfer', 'binary', 'unit', ...KUBECTL, 'data-folders', 'service'];

/** Helpers of lib/ by script, besides those that every script has. */
const HELPERS = {
  'mount-volumes': ['unit'],
  install: [...DOWNLOAD, 'unit', 'files', 'install'],
  bootstrap: [...SERVICE, ...URLS, 'files', 'tokens', 'install', 'kubeconfig'],
  join: [...SERVICE, 'promote', 'announce', ...URLS, 'files', 'tokens', 'await-tokens', 'install', 'stop', 'take-over'],
  'service-start': [...SERVICE, 'promote', 'announce', ...URLS, 'files', 'kubeconfig', 'stop', 'tokens', 'rotation'],
  rotate: ['transfer', ...URLS, ...KUBECTL, 'unit', 'service', 'tokens'],
  'set-manifests': ['transfer', 'unit', ...URLS, 'files'],
  'delete-manifests': KUBECTL,
  'service-stop': ['unit', 'service', 'stop', 'containers', 'take-over'],
  'reset-member': [...KUBECTL, 'service', 'stop'],
  kubeconfig: ['transfer', ...URLS, 'kubeconfig'],
  verify: [...KUBECTL, 'labels'],
  'label-nodes': [...KUBECTL, 'labels'],
  'write-labels': ['transfer', 'service'],
  snapshot: ['snapshots'],
  backup: ['transfer', ...URLS, 'binary', 'unit', ...KUBECTL, 'service', 'snapshots', 'counts'],
  'send-parts': ['transfer', ...URLS],
  rehearse: [...SERVICE, ...URLS, 'files', 'install', 'stop', 'take-over', 'restore', 'fetch-backup'],
  restore: [...SERVICE, ...URLS, 'files', 'tokens', 'stop', 'restore', 'restored', 'kubeconfig'],
  drill: [...SERVICE, ...URLS, 'files', 'install', 'stop', 'restore', 'fetch-backup', 'restored', 'counts'],
  drain: KUBECTL,
  uncordon: KUBECTL,
  'remove-node': KUBECTL,
  certificates: ['certificates'],
  probe: ['transfer', 'binary', 'unit', ...KUBECTL, 'service', 'snapshots', 'certificates'],
  uninstall: ['service', 'stop', 'containers'],
} as const satisfies Record<string, readonly string[]>;

export type NodeScript = keyof typeof HELPERS;

/** Every script of this folder, by the name under which it is sent. */
export const NODE_SCRIPTS = Object.keys(HELPERS) as NodeScript[];

export const isNodeScript = (name: string): name is NodeScript => Object.hasOwn(HELPERS, name);

/** Scripts that only observe wait for no lock, so that a node can be observed while a long job runs on it. */
const LOOKS = new Set<NodeScript>(['verify', 'probe', 'certificates']);
/** Scripts that change what belongs to no single node, one after the other. */
const OVER_API = new Set<NodeScript>(['label-nodes', 'delete-manifests']);
/** Scripts that change another node through the API of this one: one after the other for each node, side by side for several. */
const THROUGH_API = new Set<NodeScript>(['drain', 'uncordon', 'remove-node']);

/**
 * Returns the script's default lock; empty for none.
 *
 * @param nodeName of the node that the script is about, if it has one; it is unique and never `node` or `kubernetes`
 */
export function defaultLock(script: NodeScript, nodeName?: string): string {
  if (LOOKS.has(script)) return '';
  if (THROUGH_API.has(script) && nodeName !== undefined) return nodeName;
  return THROUGH_API.has(script) || OVER_API.has(script) ? 'kubernetes' : 'node';
}

const texts = new Map<string, string>();

/**
 * Returns a file of this folder without its first line, comments, empty lines and what its lines are indented by: SSM and user data have little room.
 * No line of a here-document begins with a space, and awk does not mind.
 */
function textOf(file: string): string {
  let text = texts.get(file);
  if (text === undefined) {
    text = readFileSync(new URL(`./${file}.sh`, import.meta.url), 'utf8')
      .split('\n')
      .filter((line) => !/^\s*(#|$)/.test(line))
      .map((line) => `${line.trimStart()}\n`)
      .join('');
    texts.set(file, text);
  }
  return text;
}

const lib = (...names: readonly string[]) => names.map((name) => textOf(`lib/${name}`)).join('');

/** Returns the beginning of every job's script: how it reports and fails; then its lock. */
export const jobPreamble = (...helpers: readonly string[]): string =>
  lib('env', 'base', 'process', 'lock', ...helpers, 'enter');

/** Returns a script with its helpers in front, as the job runner starts it. */
export const scriptText = (name: NodeScript): string => jobPreamble(...HELPERS[name]) + textOf(name);

/** Returns `prepare` as user data. It is not a job, because no one waits for it. */
export const prefetchText = (): string =>
  lib('env', 'base', 'process', 'lock', 'seal', ...DOWNLOAD) + textOf('prepare');

/** Returns `prepare` and `found` as user data: a job comes to the same lock, and does what is left. */
export const foundingText = (): string =>
  lib('env', 'base', 'process', 'lock', 'seal', ...DOWNLOAD, 'unit', 'files', 'service', 'tokens', 'install') +
  textOf('prepare') +
  textOf('found');

/** Returns the question of the region watch to servers, which is not a job either. */
export const healthProbeText = (): string => lib('env', 'unit', ...KUBECTL, 'service') + textOf('health-probe');

/** Returns the job runner; it needs JOB_ID, JOB_LOCK, JOB_TIMEOUT, JOB_GRACE, JOB_URLS and the functions job_script and job_sealed. */
export const runnerText = (): string => lib('env', 'process', 'seal', 'mask', 'job');
