/** A Kubernetes Node as the cluster keeps it, and as the API shows it. */
import { type KubeletTroubles, PRESSURES } from '../machine/troubles.js';

export interface KubeNode {
  name: string;
  uid: string;
  instanceId: string;
  role: 'server' | 'agent';
  ip: string;
  architecture: 'amd64' | 'arm64';
  labels: Record<string, string>;
  taints: { key: string; value?: string; effect: string }[];
  annotations: Record<string, string>;
  unschedulable: boolean;
  providerId: string;
  version: string;
  createdAt: number;
  /** Whether its kubelet reports, and since when. */
  kubelet: { up: boolean; since: number };
  /** The machine's own, which may change at any time. */
  troubles: KubeletTroubles;
  /** False until the kubelet has reported once. */
  seen: boolean;
  /** EtcdIsVoter as K3s has written it last; null before the first time. */
  etcdCondition: EtcdCondition | null;
}

export interface EtcdCondition {
  status: 'True' | 'False';
  reason: 'MemberNotLearner' | 'MemberIsLearner' | 'Unhealthy' | 'NotAMember';
  /** Milliseconds since the epoch. */
  since: number;
}

export const sameCondition = (one: EtcdCondition | null, other: EtcdCondition): boolean =>
  one?.status === other.status && one.reason === other.reason;

export type ConditionStatus = 'True' | 'False' | 'Unknown';

/** A silent kubelet counts as there until its lease has run out for `notReadyMs`. */
export function readyStatus(node: KubeNode, notReadyMs: number, hasNetwork = true, now = Date.now()): ConditionStatus {
  if (!node.seen) return 'False';
  if (!node.kubelet.up && now - node.kubelet.since >= notReadyMs) return 'Unknown';
  return node.troubles.notReady || !hasNetwork ? 'False' : 'True';
}

/** The Node as JSON of the API. */
export function nodeObject(node: KubeNode, notReadyMs: number, hasNetwork = true) {
  const ready = readyStatus(node, notReadyMs, hasNetwork);
  const at = new Date(node.kubelet.since).toISOString();
  const conditions = [
    ...PRESSURES.map((type) =>
      ready === 'Unknown'
        ? condition(type, 'Unknown', 'NodeStatusUnknown', at)
        : condition(type, node.troubles.pressure.includes(type) ? 'True' : 'False', 'Kubelet', at),
    ),
    condition(
      'Ready',
      ready,
      { True: 'KubeletReady', False: 'KubeletNotReady', Unknown: 'NodeStatusUnknown' }[ready],
      at,
    ),
    ...(node.etcdCondition === null ? [] : [etcdCondition(node.etcdCondition)]),
  ];
  const taints = [...node.taints, ...(node.unschedulable ? [unschedulableTaint] : []), ...notReadyTaints(ready)];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      uid: node.uid,
      creationTimestamp: new Date(node.createdAt).toISOString().replace(/\.\d+Z$/, 'Z'),
      labels: node.labels,
      annotations: node.annotations,
    },
    spec: {
      providerID: node.providerId,
      ...(node.unschedulable ? { unschedulable: true } : {}),
      ...(taints.length > 0 ? { taints } : {}),
    },
    status: {
      addresses: [
        { type: 'InternalIP', address: node.ip },
        { type: 'Hostname', address: node.name },
      ],
      conditions,
      nodeInfo: {
        kubeletVersion: node.version,
        architecture: node.architecture,
        operatingSystem: 'linux',
        osImage: 'Keelson local region',
        kernelVersion: '6.12.0',
        containerRuntimeVersion: 'containerd://2.1.5-k3s1',
      },
    },
  };
}

export type NodeObject = ReturnType<typeof nodeObject>;

const unschedulableTaint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

function notReadyTaints(ready: ConditionStatus): { key: string; effect: string }[] {
  if (ready === 'True') return [];
  return [{ key: `node.kubernetes.io/${ready === 'Unknown' ? 'unreachable' : 'not-ready'}`, effect: 'NoSchedule' }];
}

const etcdCondition = ({ status, reason, since }: EtcdCondition) =>
  condition('EtcdIsVoter', status, reason, new Date(since).toISOString());

function condition(type: string, status: ConditionStatus, reason: string, at: string) {
  const time = at.replace(/\.\d+Z$/, 'Z');
  return { type, status, reason, message: reason, lastHeartbeatTime: time, lastTransitionTime: time };
}
