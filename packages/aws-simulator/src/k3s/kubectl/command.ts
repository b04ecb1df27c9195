/** `k3s kubectl ...` on a server: the verbs that Keelson's scripts use, with kubectl's own texts and exit codes. */
import { type CommandReply, reply } from '../../machine/systemctl.js';
import { health, versionInfo } from '../api/routes.js';
import type { RunningServer } from '../running-server.js';
import { parseArgs } from './args.js';
import { annotate, deleteNodes, setCordon } from './change.js';
import { createConfigMap, deleteConfigMaps, getConfigMaps, isConfigMap, patchConfigMap } from './config-maps.js';
import type { KubectlContext } from './context.js';
import { countable } from './counts.js';
import { drain } from './drain.js';
import { getNodes } from './get.js';
import { label, taint } from './label.js';
import { deleteObjects, getObjects } from './objects.js';

const REFUSED = 'The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?\n';
const NO_SPACE = 'Error from server: etcdserver: mvcc: database space exceeded\n';
/** Deletes are allowed, because they make room. [etcd: maintenance, space quota] */
const WRITES = new Set(['cordon', 'uncordon', 'drain', 'annotate', 'label', 'taint', 'create', 'patch']);
const NO_LEADER = 'Error from server: etcdserver: no leader\n';

/** `server` is the machine's running server service, if it has one. */
export async function kubectl(
  context: Omit<KubectlContext, 'cluster'>,
  server: RunningServer | undefined,
  args: string[],
): Promise<CommandReply> {
  const { verb, words, flags } = parseArgs(args);
  if (verb === 'version' && flags.get('client') === 'true') return reply(0, 'Client Version: k3s stand-in\n');
  if (!server?.listening || !server.membership) return reply(1, '', REFUSED);
  const { cluster } = server.membership;
  const raw = flags.get('raw');
  if (verb === 'get' && raw !== undefined) return getRaw(raw, server);
  if (!server.answers) return reply(1, '', NO_LEADER);

  const full: KubectlContext = { ...context, cluster };
  if (WRITES.has(verb) && [...cluster.etcd.alarms.values()].includes('NOSPACE')) return reply(1, '', NO_SPACE);
  const [kind = '', ...names] = kindAndNames(words);
  switch (verb) {
    case 'get':
      if (isNode(kind)) return getNodes(cluster, names, flags);
      if (isConfigMap(kind)) return getConfigMaps(cluster.configMaps, names, flags);
      if (/^(pods?|po)$/.test(kind)) return reply(0, '', 'No resources found\n');
      if (/^addons?(\.|$)/.test(kind))
        return reply(0, [...cluster.objects.addOns.keys()].map((name) => `addon/${name}\n`).join(''));
      return (
        getObjects(full, kind, flags.get('output') ?? '') ??
        reply(1, '', `error: the server doesn't have a resource type "${kind}"\n`)
      );
    case 'create':
    case 'patch':
      if (!isConfigMap(kind)) return reply(1, '', `error: only configmaps can be written here\n`);
      return (verb === 'create' ? createConfigMap : patchConfigMap)(cluster.configMaps, names, flags);
    case 'cordon':
    case 'uncordon':
      return setCordon(full, words, verb === 'cordon');
    case 'drain':
      return drain(full, words, flags);
    case 'annotate':
      return isNode(kind) ? annotate(full, names) : reply(1, '', 'error: only nodes can be annotated here\n');
    case 'label':
    case 'taint': {
      if (!isNode(kind)) return reply(1, '', `error: only nodes can get a ${verb} here\n`);
      return (verb === 'label' ? label : taint)(full, names, flags.get('overwrite') === 'true');
    }
    case 'delete':
      if (flags.has('f') || kind.startsWith('addons')) return deleteObjects(full, words, flags);
      if (isConfigMap(kind)) return deleteConfigMaps(cluster.configMaps, names, flags);
      if (!isNode(kind)) return reply(1, '', 'error: only nodes and configmaps can be deleted here\n');
      return deleteNodes(full, names, flags.get('ignore-not-found') === 'true');
    case 'version':
      return reply(0, `Server Version: ${server.version}\n`);
    default:
      return reply(1, '', `error: unknown command "${verb}" for "kubectl"\n`);
  }
}

function getRaw(path: string, server: RunningServer): CommandReply {
  const url = new URL(path, 'https://127.0.0.1:6443');
  if (url.pathname === '/version') return reply(0, JSON.stringify(versionInfo(server.version)));
  const counted = countable(url, server);
  if (counted !== null) return server.answers ? reply(0, counted) : reply(1, '', NO_LEADER);
  const endpoint = /^\/(readyz|livez|healthz)$/.exec(url.pathname)?.[1];
  if (endpoint === undefined) {
    return reply(1, '', 'Error from server (NotFound): the server could not find the requested resource\n');
  }
  const { failingChecks } = server.machine.troubles;
  const answer = health(endpoint, server.answers, failingChecks, url.searchParams.has('verbose'));
  if (answer.status === 200) return reply(0, answer.body);
  return reply(
    1,
    '',
    `${answer.body}Error from server (InternalError): an error on the server ("${endpoint} check failed")\n`,
  );
}

/** `node x`, `node/x` and `nodes x y` are the same. */
function kindAndNames(words: string[]): string[] {
  const [first = '', ...rest] = words;
  const [kind = '', name] = first.split('/');
  return name === undefined ? [kind, ...rest] : [kind, name, ...rest.map((word) => word.replace(/^[a-z]+\//, ''))];
}

function isNode(kind: string): boolean {
  return /^(nodes?|no)$/.test(kind);
}
