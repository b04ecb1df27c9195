import type { ClusterDocument } from '../spec/schema.js';
import type { NodeInstance } from '../state/instance.js';

/**
 * Returns the place and the machine of a node, as the labels that schedulers, EBS CSI and load balancers read. A kubelet may set these on
 * its own node. [k8s.io: well-known labels; kubelet --node-labels]
 */
export const identityLabels = (
  { spec }: ClusterDocument,
  { zone, type }: Pick<NodeInstance, 'zone' | 'type'>,
): Record<string, string> => ({
  'node.kubernetes.io/instance-type': type,
  'topology.kubernetes.io/region': spec.region,
  'topology.kubernetes.io/zone': zone,
});
