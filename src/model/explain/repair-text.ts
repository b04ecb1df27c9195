import type { Condition } from '../state.js';
import type { StatusView } from '../status.js';

/** What Keelson does about a failing condition, once two observations agree. [model/health] */
const REMEDIES: Readonly<Record<string, string>> = {
  Observed: 'goes on observing, and changes nothing that it cannot see',
  InstancesRunning: 'starts or replaces the instance',
  InstancesHealthy:
    "waits for EC2's recovery, then reboots, stops and starts, or replaces the instance, as the message says",
  InstancesTagged: 'sets the tags again with spec.drift: repair, and only tells of it otherwise',
  GroupRulesInSync: 'sets the rules again',
  InstanceGroupsInSync:
    'puts the instance into the groups of the document again, and out of others, unless AWS refuses it',
  AgentsOnline: 'reboots the instance when its turn has come, as the message says',
  K3sInstalled: 'installs the version, one node after the other',
  K3sRunning: 'restarts K3s on the node',
  ApiAvailable: 'restarts what is down, and changes nothing that costs the quorum',
  ApiServersReady: 'restarts K3s on the server',
  NodesReady: 'restarts K3s, then reboots, then stops and starts, then replaces the node, as the message says',
  NodesLabelled: 'sets the labels and taints again',
  NodeFilesInSync:
    'puts manifests back; with spec.drift: repair it writes configuration and files again and restarts K3s, and only tells of it otherwise',
  EtcdHealthy: 'brings missing members back, and takes no server down before',
  EtcdSpace: 'restarts K3s on the server, which defragments its database, if that makes room',
  CertificatesValid:
    'restarts K3s, which renews them, one node after the other, in spec.upgrade.window if there is one',
  KubeconfigPublished: 'stores it as soon as the first server is up',
  StatusStored: 'writes status.yaml again after 30 s, then less often',
  InstanceTypesInSync: 'leaves the nodes the types that they have',
  ConfigValid: 'keeps the last good document in force',
  InstancesOwned: 'does nothing to it',
};

/** Returns what Keelson does next about a failing condition, or that only a person can repair it. */
export function hintText({ waiting, paused }: StatusView, { type }: Condition): string {
  if (paused) return 'does nothing: it is paused';
  const remedy = REMEDIES[type] ?? 'tells of it, and changes nothing: only a person can repair it';
  return waiting === null ? remedy : `${remedy}; it waits for ${waiting.for}`;
}
