import { backupFresh } from './backup/condition.js';
import { api } from './checks/api.js';
import { authorities } from './checks/authorities.js';
import { etcd } from './checks/etcd.js';
import { foreignInstances } from './checks/foreign-instances.js';
import { groupRules } from './checks/group-rules.js';
import { instanceTypes } from './checks/instance-types.js';
import { type Judged, judged } from './checks/judged.js';
import { mirrorReadable } from './checks/mirror.js';
import * as node from './checks/nodes.js';
import { observed } from './checks/observed.js';
import { ofNodes, ofServers } from './checks/per-node.js';
import { statusStored } from './checks/status-stored.js';
import type { ConditionResult } from './conditions.js';
import { configResults } from './config-problem.js';
import { BACKUP_PROVEN, backupProven } from './drill/condition.js';
import type { ClusterState } from './state.js';

export { INSTANCE_TYPES_IN_SYNC } from './checks/instance-types.js';
export { OBSERVED } from './checks/observed.js';
export { STATUS_STORED } from './checks/status-stored.js';

const INSTANCE_GROUPS_IN_SYNC = 'InstanceGroupsInSync';

/** Every condition of a cluster, in the order in which they are shown. */
const CONDITIONS: readonly ((state: Judged, now: string) => ConditionResult | readonly ConditionResult[])[] = [
  observed,
  ofNodes({
    type: 'InstancesRunning',
    subject: 'instances',
    check: node.instanceRuns,
    what: 'instances run',
    hint: 'nothing, if it is being launched or repaired; see what has happened to it',
  }),
  ofNodes({
    type: 'InstancesHealthy',
    subject: 'checks',
    check: node.passesChecks,
    what: 'instances fail no status check',
    hint: 'EC2 recovers a host that has failed; see the AWS Health Dashboard and, for a volume, the EBS console',
  }),
  ofNodes({
    type: 'InstancesTagged',
    subject: 'instances',
    check: node.hasTags,
    what: 'instances have their tags',
    hint: 'set keelson:installation, keelson:cluster, keelson:uid, keelson:slot and keelson:generation again, or spec.drift: repair',
  }),
  instanceTypes,
  groupRules,
  ofNodes({
    type: INSTANCE_GROUPS_IN_SYNC,
    subject: 'instances',
    check: node.inGroups,
    what: 'instances are in the security groups of the document, and in no others',
    hint: 'Keelson sets them again; where AWS refuses that, allow it and say `keelson retry`; name further groups in network.extraSecurityGroupIds',
  }),
  ofNodes({
    type: 'AgentsOnline',
    subject: 'agents',
    check: node.agentOnline,
    what: 'SSM agents are online',
    hint: 'check the instance profile, the amazon-ssm-agent service, and the way out to SSM: route, NAT gateway, endpoint',
  }),
  ofNodes({
    type: 'K3sInstalled',
    subject: 'nodes',
    check: node.hasVersion,
    what: 'nodes have the K3s version asked for',
    hint: 'nothing, while the upgrade goes on; see which steps have failed',
  }),
  ofNodes({
    type: 'K3sRunning',
    subject: 'nodes',
    check: node.serviceRuns,
    what: 'K3s services run',
    hint: 'on the node: journalctl -u k3s',
  }),
  api,
  ofServers({
    type: 'ApiServersReady',
    subject: 'nodes',
    check: node.apiReady,
    what: 'API servers are ready',
    hint: 'kubectl get --raw "/readyz?verbose" at the server named',
  }),
  ofNodes({
    type: 'NodesReady',
    subject: 'nodes',
    check: node.nodeReady,
    what: 'nodes are Ready',
    hint: 'see the conditions of the node, and what its kubelet says',
  }),
  ofNodes({
    type: 'NodesWithoutPressure',
    subject: 'nodes',
    check: node.withoutPressure,
    what: 'nodes are without pressure',
    hint: 'free what is short, or take a larger type or disk',
  }),
  ofNodes({
    type: 'NodesLabelled',
    subject: 'nodes',
    check: node.hasLabels,
    what: 'nodes have the labels and taints of the document',
    hint: 'Keelson sets them again; check who else changes them',
  }),
  ofNodes({
    type: 'NodeFilesInSync',
    subject: 'nodes',
    check: node.hasFiles,
    what: 'nodes have their configuration and files as Keelson wrote them',
    hint: 'Keelson puts manifests back; undo other changes, put them into the document, or set spec.drift: repair',
  }),
  etcd,
  ofServers({
    type: 'EtcdSpace',
    subject: 'nodes',
    check: node.hasRoomInEtcd,
    what: 'servers have room in etcd',
    hint: 'at 2 GiB it takes no more writes: see what fills it (kubectl get --raw /metrics | grep apiserver_storage_objects)',
  }),
  ofNodes({
    type: 'CertificatesValid',
    subject: 'nodes',
    check: node.hasCertificates,
    what: 'nodes have certificates for long enough',
    hint: 'they are renewed by a restart of K3s, one node at a time',
  }),
  ofNodes({
    type: 'DisksFree',
    subject: 'nodes',
    check: node.hasRoomOnDisk,
    what: 'nodes have room on their disks',
    hint: 'delete images and logs, or take a larger root volume for new nodes',
  }),
  ofNodes({
    type: 'ClocksSynchronized',
    subject: 'nodes',
    check: node.clockSynchronized,
    what: 'clocks are in step',
    hint: 'on the node: chronyc tracking; certificates and leases go by the clock',
  }),
  authorities,
  kubeconfig,
  backupFresh,
  backupProven,
];

/**
 * Returns all conditions, each time: each reads the carried facts and says what holds, what does not, and what to do. What was not measured
 * since the instance or its K3s was started, or cannot be observed now, is Unknown, never True.
 *
 * @param now ISO 8601
 */
export function conditionsOf(state: ClusterState, now: string = state.checkedAt): ConditionResult[] {
  if (state.desiredState === 'deleted') return [];
  const facts = judged(state);
  const results = CONDITIONS.flatMap((check) => check(facts, now));
  return [
    ...(state.desiredState === 'stopped' ? results.map(asleep) : results),
    ...mirrorReadable(state),
    ...foreignInstances(state.foreign),
    ...statusStored(state.statusProblem),
    ...configResults(state.configProblem),
  ];
}

function kubeconfig({ apiAddress, initializedAt, kubeconfigUntil: until }: ClusterState): ConditionResult {
  const type = 'KubeconfigPublished';
  if (apiAddress !== null) {
    const end = until === null ? '' : `; its certificate ends on ${until.slice(0, 10)} and is renewed before`;
    return { type, status: 'True', reason: 'Published', message: `kubeconfig names ${apiAddress}${end}`, hint: '' };
  }
  return {
    type,
    status: initializedAt === null ? 'Unknown' : 'False',
    reason: 'NotYet',
    message: 'no kubeconfig is stored yet',
    hint: initializedAt === null ? '' : 'Keelson stores it as soon as the first server is up',
  };
}

/** Of a cluster that is stopped only what says something about the stop itself is worth telling. */
function asleep(result: ConditionResult): ConditionResult {
  if (KEPT_ASLEEP.has(result.type) || (result.type === 'InstanceTypesInSync' && result.reason === 'RolledBack'))
    return result;
  return {
    ...result,
    status: 'Unknown',
    reason: 'Stopped',
    message: 'not checked while the cluster is stopped',
    hint: '',
  };
}

const KEPT_ASLEEP: ReadonlySet<string> = new Set([
  'Observed',
  'KubeconfigPublished',
  'GroupRulesInSync',
  INSTANCE_GROUPS_IN_SYNC,
  BACKUP_PROVEN,
]);
