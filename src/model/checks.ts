import { believed, type FindingKind } from './care/findings.js';
import { ghostsOf } from './care/ghosts.js';
import { troubleText } from './care/outlook.js';
import type { Verdict } from './conditions.js';
import { configVerdicts } from './config-problem.js';
import { slotsOf } from './ids.js';
import { deferralText, launchDue } from './launch-limit.js';
import { nodeHas } from './node-ready.js';
import { hasDrifted } from './plan/instance-type.js';
import { quorumOf } from './quorum.js';
import { groupRulesVerdicts } from './security-groups/condition.js';
import type { ClusterState, Slot } from './state.js';

/** Says nothing about health: nodes that went back to the type they had serve as well as before. */
export const TYPES_AS_ASKED = 'TypesAsAsked';
/** Whether the cluster could be looked at. */
export const OBSERVED = 'Observed';

/** Looks in a row that see nothing before that is said: with the pauses between them that is three minutes. */
export const BLIND = 4;

type Place = Slot | undefined;

/**
 * All checks, each time: every one looks at the carried facts and tells what holds, what does not, and what to do.
 *
 * @param now ISO 8601
 */
export function conditionsOf(state: ClusterState, now: string = state.checkedAt): Verdict[] {
  if (state.wish === 'deleted') return [];
  const wanted = state.wish === 'stopped' ? [] : slotsOf(state.document).map((one) => state.slots[one.name]);
  const servers = wanted.filter((slot) => slot === undefined || slot.role === 'server');
  const none = (kind: FindingKind) => (slot: Slot) => believed(state, slot.name, kind)?.text ?? null;
  const first = (slot: Slot, kinds: FindingKind[]): string | null =>
    kinds.map((kind) => troubleText(state, slot, kind)).find((text) => text !== null) ?? null;
  return [
    observed(state),
    count(
      'InstancesRunning',
      wanted,
      (slot) => (slot.instance?.power === 'running' ? null : powerOf(state, slot, now)),
      'instances run',
      'see the Provisioning steps in the history',
    ),
    count(
      'InstancesHealthy',
      wanted,
      (slot) => first(slot, ['system-check', 'instance-check', 'volume-check']),
      'instances pass their status checks',
      'EC2 recovers a host that has failed; see the AWS Health Dashboard and, for a volume, the EBS console',
    ),
    count(
      'InstancesTagged',
      wanted,
      (slot) => (slot.instance?.untagged ? `${slot.instance.id} has lost its tags` : null),
      'instances have their tags',
      'set keelson:cluster, keelson:uid, keelson:slot and keelson:generation again, or spec.drift: repair',
    ),
    types(state),
    ...groupRulesVerdicts(state),
    count(
      'AgentsOnline',
      wanted,
      (slot) => (slot.agentOnline ? first(slot, ['agent']) : notRegistered(slot)),
      'SSM agents are online',
      'check the instance profile, the amazon-ssm-agent service, and the way out to SSM: route, NAT gateway, endpoint',
    ),
    count(
      'K3sInstalled',
      wanted,
      (slot) => (slot.installed === state.document.spec.k3s.version ? null : `has ${slot.installed ?? 'none'}`),
      'nodes have the K3s version asked for',
      'see the Installing steps',
    ),
    count(
      'K3sRunning',
      wanted,
      (slot) => (slot.service === 'running' ? none('service')(slot) : 'its service is down'),
      'K3s services run',
      'on the node: journalctl -u k3s',
    ),
    api(state),
    count(
      'ApiServersReady',
      servers,
      none('readyz'),
      'API servers are ready',
      'kubectl get --raw "/readyz?verbose" at the server named',
    ),
    count(
      'NodesReady',
      wanted,
      (slot) => (nodeHas(state, slot, 'ready') ? null : (first(slot, ['ready']) ?? 'is not Ready')),
      'nodes are Ready',
      'kubectl describe node tells more',
    ),
    count(
      'NodesWithoutPressure',
      wanted,
      none('pressure'),
      'nodes are without pressure',
      'kubectl describe node tells what is short; free it, or take a larger type or disk',
    ),
    count(
      'NodesLabelled',
      wanted,
      none('labels'),
      'nodes have the labels and taints of the document',
      'Keelson sets them again; see who else changes them',
    ),
    etcd(state, servers),
    count(
      'EtcdSpace',
      servers,
      none('database'),
      'servers have room in etcd',
      'at 2 GiB it takes no more writes: see what fills it (kubectl get --raw /metrics | grep apiserver_storage_objects)',
    ),
    count(
      'CertificatesValid',
      wanted,
      none('certificates'),
      'nodes have certificates for long enough',
      'they are renewed by a restart of K3s, one node at a time',
    ),
    count(
      'DisksFree',
      wanted,
      none('disk'),
      'nodes have room on their disks',
      'delete images and logs, or take a larger root volume for new nodes',
    ),
    count(
      'ClocksInStep',
      wanted,
      none('clock'),
      'clocks are in step',
      'on the node: chronyc tracking; certificates and leases go by the clock',
    ),
    {
      type: 'KubeconfigPublished',
      status: state.apiAddress === null ? 'False' : 'True',
      reason: state.apiAddress === null ? 'NotYet' : 'Published',
      message: state.apiAddress === null ? 'no kubeconfig is stored yet' : `kubeconfig names ${state.apiAddress}`,
      advice: state.apiAddress === null ? 'it is stored as soon as the first server is up' : '',
    },
    ...configVerdicts(state.configProblem),
  ];
}

const notRegistered = ({ instance }: Slot): string =>
  instance === null ? 'its agent has not registered' : `its agent has not registered from ${instance.subnetId}`;

function powerOf({ launches }: ClusterState, { name, instance }: Slot, now: string): string {
  if (instance !== null) return `${instance.id} is ${instance.power}`;
  const due = launchDue(launches, name, now);
  return due === null ? 'has no instance' : deferralText(name, due);
}

/** @param lacks what a node lacks, in words; null for nothing */
function count(
  type: string,
  wanted: Place[],
  lacks: (slot: Slot) => string | null,
  what: string,
  advice: string,
): Verdict {
  const bad = wanted.flatMap((slot) => {
    const text = slot === undefined ? 'is not there yet' : lacks(slot);
    return text === null ? [] : [slot === undefined ? '' : `${slot.name}: ${text}`];
  });
  const good = wanted.length - bad.length;
  const told = bad.filter((text) => text !== '').slice(0, 3);
  return {
    type,
    status: bad.length === 0 ? 'True' : 'False',
    reason: wanted.length === 0 ? 'NoneWanted' : bad.length === 0 ? 'All' : good === 0 ? 'None' : 'Some',
    message: [`${good} of ${wanted.length} ${what}`, ...told].join('; '),
    advice: bad.length === 0 ? '' : advice,
  };
}

/** Not to see is not the same as to be broken. */
function observed({ blindLooks, checkedAt }: ClusterState): Verdict {
  const blind = blindLooks >= BLIND;
  return {
    type: OBSERVED,
    status: blind ? 'Unknown' : 'True',
    reason: blind ? 'LooksFail' : 'Seen',
    message: blind
      ? `the last ${blindLooks} looks have failed; all else is as of ${checkedAt}`
      : 'it could be looked at',
    advice: blind ? 'see the events for why: AWS or the worker may be in trouble, and the cluster well' : '',
  };
}

/** Whether nodes have the types that were asked for, went back to what they had, or were given another one by somebody else. */
function types(state: ClusterState): Verdict {
  const held = Object.values(state.heldTypes);
  const drifted = slotsOf(state.document).flatMap((wanted) => {
    const slot = state.slots[wanted.name];
    return slot?.instance && hasDrifted(state, wanted, slot)
      ? [`${slot.name} is ${slot.instance.type}, not ${slot.givenType}`]
      : [];
  });
  if (held.length > 0) {
    return {
      type: TYPES_AS_ASKED,
      status: 'False',
      reason: 'RolledBack',
      message: `the nodes keep their types: ${held.join('; ')}`,
      advice: 'resize to another type, or `keelson retry` to try this one again',
    };
  }
  return {
    type: TYPES_AS_ASKED,
    status: drifted.length === 0 ? 'True' : 'False',
    reason: drifted.length === 0 ? 'AsAsked' : 'Drifted',
    message:
      drifted.length === 0
        ? 'no instance type was given up or changed'
        : `somebody has changed it: ${drifted.join('; ')}`,
    advice: drifted.length === 0 ? '' : 'put it into the document (`keelson resize`), or set spec.drift to repair',
  };
}

function etcd(state: ClusterState, servers: Place[]): Verdict {
  const voters = servers.filter((slot) => slot !== undefined && nodeHas(state, slot, 'voter')).length;
  const ghosts = ghostsOf(state);
  const alarms = alarmsOf(state, servers);
  const quorum = quorumOf(servers.length);
  const missing = voters === servers.length ? null : voters >= quorum ? 'VoterMissing' : 'QuorumMissing';
  const trouble = missing ?? (alarms.length > 0 ? 'Alarm' : ghosts.length > 0 ? 'Ghosts' : null);
  const leader = leaderOf(servers);
  return {
    type: 'EtcdHealthy',
    status: trouble === null ? 'True' : 'False',
    reason: servers.length === 0 ? 'NoneWanted' : (trouble ?? 'AllVoters'),
    message: [
      `${voters} of ${servers.length} etcd members vote, ${servers.length === 0 ? 0 : quorum} are needed`,
      ...(leader === null ? [] : [`${leader.name} leads`]),
      ...alarms,
      ...(ghosts.length === 0 ? [] : [`without an instance: ${ghosts.join(', ')}`]),
    ].join('; '),
    advice: trouble === null ? '' : ETCD_ADVICE[trouble],
  };
}

const ETCD_ADVICE = {
  VoterMissing: 'no server may be taken down until all vote',
  QuorumMissing: 'start the servers that are down; keep their disks',
  Alarm:
    'NOSPACE: K3s is restarted, which defragments; delete what fills it. CORRUPT: stop what writes, compare the members, restore a snapshot',
  Ghosts: 'they are removed; until then they count against the quorum',
};

function alarmsOf(state: ClusterState, servers: Place[]): string[] {
  return servers.flatMap((slot) =>
    (['nospace', 'corrupt'] as const).flatMap((kind) => {
      const finding = slot === undefined ? null : believed(state, slot.name, kind);
      return finding === null ? [] : [`${slot?.name}: ${finding.text}`];
    }),
  );
}

/** As the servers told when they were asked last; an election in between two answers may show two. */
function leaderOf(servers: Place[]): Slot | null {
  const leaders = servers.filter((slot) => slot?.facts?.leads === true && slot.service === 'running');
  return leaders.sort((a, b) => (b?.facts?.at ?? '').localeCompare(a?.facts?.at ?? ''))[0] ?? null;
}

function api(state: ClusterState): Verdict {
  const servers = Object.values(state.slots).filter((slot) => slot.role === 'server');
  const failing = servers.flatMap((slot) => {
    const finding = believed(state, slot.name, 'readyz');
    return finding === null ? [] : [`${slot.name}: ${finding.text}`];
  });
  const up = servers.filter((slot) => slot.joined && slot.service === 'running').length - failing.length;
  const answers = up >= quorumOf(servers.length) && servers.length > 0;
  const asleep = state.wish === 'stopped';
  const message = [`${Math.max(0, up)} of ${servers.length} servers serve the API`, ...failing].join('; ');
  return {
    type: 'ApiAvailable',
    status: asleep ? 'Unknown' : answers ? 'True' : 'False',
    reason: asleep ? 'Stopped' : answers ? 'Answers' : 'NoQuorum',
    message: asleep ? 'the cluster shall be stopped' : message,
    advice: asleep || answers ? '' : 'the API answers as soon as more than half of the servers are members',
  };
}
