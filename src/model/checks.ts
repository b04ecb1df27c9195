import type { Verdict } from './conditions.js';
import { configVerdicts } from './config-problem.js';
import { slotsOf } from './ids.js';
import type { ClusterState, Slot } from './state.js';

/** Says nothing about health: nodes that went back to the type they had serve as well as before. */
export const TYPES_AS_ASKED = 'TypesAsAsked';

/** All checks, each time: every one looks at the carried facts and tells what holds, what does not, and what to do. */
export function conditionsOf(state: ClusterState): Verdict[] {
  if (state.wish === 'deleted') return [];
  const wanted = state.wish === 'stopped' ? [] : slotsOf(state.document).map((one) => state.slots[one.name]);
  return [
    count(
      'InstancesRunning',
      wanted,
      (slot) => slot.instance?.power === 'running',
      'instances run',
      'see the Provisioning steps in the history',
    ),
    count(
      'AgentsOnline',
      wanted,
      (slot) => slot.agentOnline,
      'SSM agents are online',
      'check the instance profile and the way out to SSM',
    ),
    count(
      'K3sInstalled',
      wanted,
      (slot) => slot.installed === state.document.spec.k3s.version,
      'nodes have the K3s version asked for',
      'see the Installing steps',
    ),
    count('NodesReady', wanted, (slot) => isReady(state, slot), 'nodes are Ready', 'kubectl describe node tells more'),
    etcd(
      state,
      wanted.filter((slot) => slot === undefined || slot.role === 'server'),
    ),
    api(state),
    {
      type: 'KubeconfigPublished',
      status: state.apiAddress === null ? 'False' : 'True',
      reason: state.apiAddress === null ? 'NotYet' : 'Published',
      message: state.apiAddress === null ? 'no kubeconfig is stored yet' : `kubeconfig names ${state.apiAddress}`,
      advice: state.apiAddress === null ? 'it is stored as soon as the first server is up' : '',
    },
    types(state),
    ...configVerdicts(state.configProblem),
  ];
}

function count(
  type: string,
  wanted: (Slot | undefined)[],
  holds: (slot: Slot) => boolean,
  what: string,
  advice: string,
): Verdict {
  const good = wanted.filter((slot) => slot !== undefined && holds(slot)).length;
  const all = good === wanted.length;
  return {
    type,
    status: all ? 'True' : 'False',
    reason: wanted.length === 0 ? 'NoneWanted' : all ? 'All' : good === 0 ? 'None' : 'Some',
    message: `${good} of ${wanted.length} ${what}`,
    advice: all ? '' : advice,
  };
}

/** Whether nodes have the types that were asked for, or went back to what they had. */
function types({ heldTypes }: ClusterState): Verdict {
  const held = Object.values(heldTypes);
  return {
    type: TYPES_AS_ASKED,
    status: held.length === 0 ? 'True' : 'False',
    reason: held.length === 0 ? 'AsAsked' : 'RolledBack',
    message: held.length === 0 ? 'no instance type was given up' : `the nodes keep their types: ${held.join('; ')}`,
    advice: held.length === 0 ? '' : 'resize to another type, or `keelson retry` to try this one again',
  };
}

function isReady(state: ClusterState, slot: Slot): boolean {
  if (!slot.joined || slot.service !== 'running') return false;
  return state.nodesSeen?.nodes.find((node) => node.name === slot.nodeName)?.ready ?? true;
}

function etcd(state: ClusterState, servers: (Slot | undefined)[]): Verdict {
  const voters = servers.filter((slot) => {
    if (slot === undefined || !slot.joined || slot.service !== 'running') return false;
    return state.nodesSeen?.nodes.find((node) => node.name === slot.nodeName)?.voter ?? true;
  }).length;
  const quorum = Math.floor(servers.length / 2) + 1;
  const whole = voters === servers.length;
  return {
    type: 'EtcdHealthy',
    status: whole ? 'True' : 'False',
    reason:
      servers.length === 0 ? 'NoneWanted' : whole ? 'AllVoters' : voters >= quorum ? 'VoterMissing' : 'QuorumMissing',
    message: `${voters} of ${servers.length} etcd members vote, ${servers.length === 0 ? 0 : quorum} are needed`,
    advice: whole
      ? ''
      : voters >= quorum
        ? 'no server may be taken down until all vote'
        : 'start the servers that are down; keep their disks',
  };
}

function api(state: ClusterState): Verdict {
  const servers = Object.values(state.slots).filter((slot) => slot.role === 'server');
  const up = servers.filter((slot) => slot.joined && slot.service === 'running').length;
  const answers = up >= Math.floor(servers.length / 2) + 1 && servers.length > 0;
  const asleep = state.wish === 'stopped';
  return {
    type: 'ApiAvailable',
    status: asleep ? 'Unknown' : answers ? 'True' : 'False',
    reason: asleep ? 'Stopped' : answers ? 'Answers' : 'NoQuorum',
    message: asleep ? 'the cluster shall be stopped' : `${up} of ${servers.length} servers serve the API`,
    advice: asleep || answers ? '' : 'the API answers as soon as more than half of the servers are members',
  };
}
