import { accountIdOf } from '../account-role.js';
import { SERVER_COUNT, serverCountOf } from '../ids.js';
import { releaseBetween } from '../k3s/etcd-versions.js';
import type { VersionsInUse } from '../k3s/installed.js';
import { baseKey, isServerOnly, LIFELONG_KEYS } from '../k3s/keys.js';
import { upgradeSkew } from '../k3s/version.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ChangeClass } from './change.js';
import type { PathChange } from './paths.js';

export interface ChangeClassification {
  class: ChangeClass;
  reason: string;
  wayAround?: string;
}

const AGENTS = 'as many nodes at a time as upgrade.maxUnavailable allows';
/** Of servers and agents. */
const BOTH = `servers one at a time, then agents ${AGENTS.replace('nodes ', '')}`;
/** How many nodes of servers or of a pool are taken down together. */
const pace = (whose: string): string => (whose.startsWith('pool ') ? AGENTS : 'one node at a time');

const NEW_CLUSTER = 'make a second cluster beside it, move what runs on it, then delete this one';

/** Returns what one change costs. Every path of the document has a classification; an unknown path is refused rather than guessed. */
export function classifyChange(
  change: PathChange,
  after: ClusterDocument,
  versions: VersionsInUse | null,
): ChangeClassification {
  const [top, part = '', ...rest] = change.path.map(String);
  if (top === 'metadata')
    return part === 'name' ? refused('the name is the identity of the cluster') : nothing('labels are for people');
  if (top !== 'spec') return refused('another format or kind of document', 'use keelson/v1 and Cluster');
  switch (part) {
    case 'region':
      return refused('a cluster lives in one region', NEW_CLUSTER);
    case 'account':
      return account(change, rest);
    case 'mode':
      return mode(after);
    case 'state':
      return {
        class: 'node',
        reason: after.spec.state === 'stopped' ? 'the cluster is stopped' : 'the cluster is started',
      };
    case 'servers':
      return rest[0] === 'count' ? servers(change, after) : machine(rest, 'the servers');
    case 'pools':
      return pool(change, rest);
    case 'k3s':
      return k3s(change, rest, versions);
    case 'image':
      return nothing('new instances are made from it; those that exist keep theirs');
    case 'network':
      return network(rest);
    case 'access':
      return access(rest);
    case 'tags':
      return nothing('new instances and volumes carry them; those that exist keep theirs');
    case 'paused':
    case 'backup':
    case 'hibernation':
    case 'upgrade':
    case 'health':
    case 'drift':
    case 'deletion':
      return nothing('it changes what Keelson does, no node');
    default:
      return refused('Keelson does not know how to change this', NEW_CLUSTER);
  }
}

const nothing = (reason: string): ChangeClassification => ({ class: 'nothing', reason });
const refused = (reason: string, wayAround = NEW_CLUSTER): ChangeClassification => ({
  class: 'recreate-refused',
  reason,
  wayAround,
});

/** Another role of the same account reaches the same instances; another account has none of this cluster. */
function account({ from, to }: PathChange, [field = '']: string[]): ChangeClassification {
  if (field === 'externalId') return nothing('Keelson assumes the role with this external id from now on');
  const [was, is] = [from, to].map((roleArn) => accountIdOf({ roleArn: String(roleArn) }));
  if (field === 'roleArn' && was === is) return nothing('Keelson assumes this role of the same account from now on');
  return refused('a cluster does not move to another account', NEW_CLUSTER);
}

function mode(after: ClusterDocument): ChangeClassification {
  if (after.spec.mode === 'ha') return { class: 'scale', reason: 'two servers join' };
  return refused(
    'etcd members are not taken from an ha cluster to make it dev',
    'keep ha, or make a dev cluster beside it',
  );
}

function servers({ from }: PathChange, after: ClusterDocument): ChangeClassification {
  const [before, now] = [Number(from ?? SERVER_COUNT[after.spec.mode]), serverCountOf(after.spec)];
  if (now < before)
    return refused(
      'Keelson takes no etcd members from a cluster that serves',
      'keep the servers, or make a second cluster',
    );
  return now === before ? nothing('as many as there are') : { class: 'scale', reason: `${now - before} servers join` };
}

/** Type, volumes, files and scripts of servers or of a pool. */
function machine(rest: string[], whose: string): ChangeClassification {
  if (rest[0] === 'node' && rest[1] === 'files')
    return {
      class: 'config-restart',
      reason: `the files of ${whose} are written and K3s is restarted, ${pace(whose)}`,
    };
  if (rest[0] === 'node') return nothing(`new instances of ${whose} run it; those that exist are left as they are`);
  if (rest[0] === 'instanceType') return { class: 'node', reason: `the type of ${whose} changes, ${pace(whose)}` };
  if (rest[0] === 'volumes')
    return nothing(
      `new instances of ${whose} get these volumes; those that exist keep theirs, and a kept volume stays as it was made`,
    );
  if (rest[0] === 'capacityReservation')
    return nothing(`new instances of ${whose} are launched so; those that exist stay where they are`);
  return nothing(`new instances of ${whose} get this root volume; those that exist keep theirs`);
}

function pool(change: PathChange, [name = '', field = '', ...rest]: string[]): ChangeClassification {
  if (field === '') {
    return {
      class: 'scale',
      reason:
        change.to === undefined ? `pool ${name} is removed, its nodes are drained first` : `pool ${name} is added`,
    };
  }
  if (field === 'count') {
    const fewer = Number(change.to) < Number(change.from);
    return {
      class: 'scale',
      reason: fewer ? `pool ${name} shrinks, its last nodes are drained first` : `pool ${name} grows`,
    };
  }
  if (field === 'labels' || field === 'taints') {
    // Kubelets take taints only when they register, and K3s merges labels and removes none. [k3s source: pkg/agent/run.go]
    return {
      class: 'nothing',
      reason: `the ${field} of the nodes of pool ${name} are set and removed through the API, without a restart`,
    };
  }
  if (field === 'fallbackTypes')
    return nothing('new agents are launched so; those that exist stay while their type is listed');
  if (field === 'zones') return nothing('new agents are launched there; those that exist stay where they are');
  if (field === 'config') return { class: 'config-restart', reason: `K3s is restarted on the agents of pool ${name}` };
  return machine([field, ...rest], `pool ${name}`);
}

function k3s(
  change: PathChange,
  [field = '', key = '']: string[],
  versions: VersionsInUse | null,
): ChangeClassification {
  if (field === 'mirror' || field === 'sha256') return nothing('it counts at the next download');
  if (field === 'version') return version(String(change.to), versions);
  if (field === 'manifests')
    return nothing('the servers get the manifests, K3s applies them, and what is taken out is deleted: no restart');
  if (field === 'environment') return { class: 'config-restart', reason: `K3s is restarted on all nodes, ${BOTH}` };
  const base = baseKey(key);
  if ((LIFELONG_KEYS as readonly string[]).includes(base)) {
    return refused(`K3s takes ${base} when the cluster is founded and never again`, NEW_CLUSTER);
  }
  if (base === 'secrets-encryption') return secretsEncryption(change);
  if (base === 'secrets-encryption-provider') {
    return refused('the keys of encrypted secrets belong to their provider', 'see `k3s secrets-encrypt`');
  }
  if (base === 'node-label' || base === 'node-taint')
    return nothing('the servers get and lose it through the API, without a restart');
  return {
    class: 'config-restart',
    reason: isServerOnly(base)
      ? 'K3s is restarted on the servers, one node at a time'
      : `K3s is restarted on all nodes, ${BOTH}`,
  };
}

/** Compared with what nodes have had: a version of the last document may never have reached one. */
function version(to: string, versions: VersionsInUse | null): ChangeClassification {
  if (versions === null) return nothing('no node has K3s yet');
  const back = upgradeSkew(versions.newest, to);
  const skew = back.ok ? upgradeSkew(versions.oldest, to) : back;
  if (!skew.ok) return refused(skew.reason, skew.hint);
  const between = releaseBetween(versions.oldest, to);
  if (between !== null)
    return refused(
      `${to} may carry etcd 3.6, and with the etcd of ${versions.oldest} servers that were removed can come back as members after the upgrade`,
      `upgrade to ${between} first`,
    );
  return skew.change === 'none'
    ? nothing('all nodes have this version')
    : { class: 'node', reason: `K3s is upgraded, ${BOTH}` };
}

/**
 * A restart with another value is not enough: K3s wants its own steps, in their order. [docs: cli/secrets-encrypt] A document without the
 * field has it on.
 */
function secretsEncryption({ from, to }: PathChange): ChangeClassification {
  const [was, is] = [from !== false, to !== false];
  if (was === is) return nothing(`it is ${is ? 'on' : 'off'} in both`);
  return was
    ? refused('secrets in etcd are encrypted and could not be read any more', 'keep it on')
    : refused('secrets that are in etcd already would stay as they are', `keep it off, or ${NEW_CLUSTER}`);
}

function network([field = '']: string[]): ChangeClassification {
  if (field === 'vpcId') return refused('instances do not move to another VPC', NEW_CLUSTER);
  if (field === 'subnetIds') return nothing('new instances go there; those that exist stay where they are');
  if (field === 'extraSecurityGroupIds') return nothing('all instances get and lose these groups at once');
  if (field === 'securityGroupIds') {
    return refused('nodes in different groups would not reach each other', 'change the rules of the groups instead');
  }
  return refused('whether an instance gets a public address is settled at its launch', NEW_CLUSTER);
}

function access([field = '']: string[]): ChangeClassification {
  if (field === 'apiCidrs') return nothing('the rules of the security group of the servers change at once');
  if (field === 'ingress') return nothing('the rules of the security groups change at once');
  if (field === 'metadataHopLimit') return nothing('new instances get it; those that exist keep theirs');
  if (field === 'instanceProfile') return nothing('new instances get it; those that exist keep theirs');
  return { class: 'config-restart', reason: 'the certificate of the API gets other names, server by server' };
}
