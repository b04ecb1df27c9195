/** A Node without a machine, as a lost machine leaves it without removal; for a server also its vote in etcd. */
import { randomBytes } from 'node:crypto';
import { noKubeletTroubles } from '../machine/troubles.js';
import type { KubeCluster } from './cluster.js';

/** A documentation address, which no one uses. [RFC 5737] */
const NOWHERE = '192.0.2.1';

/** Adds the Node, whose kubelet has been silent for longer than any lease. The name must be free. */
export function addStaleNode(cluster: KubeCluster, nodeName: string, isServer: boolean, version: string): void {
  const instanceId = `stale-${nodeName}`;
  const password = randomBytes(16).toString('hex');
  const node = cluster.register(
    { role: isServer ? 'server' : 'agent', nodeName, nodeIp: NOWHERE, providerId: null, labels: [], taints: [] },
    { instanceId, architecture: 'amd64', version, troubles: noKubeletTroubles() },
    password,
  );
  node.seen = true;
  node.kubelet = { up: false, since: 0 };
  if (!isServer) return;
  node.etcdCondition = { status: 'True', reason: 'MemberNotLearner', since: 0 };
  cluster.etcd.addStale({
    id: randomBytes(8).toString('hex'),
    name: `${nodeName}-${randomBytes(4).toString('hex')}`,
    nodeName,
    instanceId,
    peerIp: NOWHERE,
    learner: false,
    caughtUp: true,
    started: false,
    since: 0,
    announced: false,
    loop: { startedAt: 0, span: null },
  });
}
