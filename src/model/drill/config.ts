import { renderNodeConfig } from '../k3s/config.js';
import type { InstanceObservation } from '../observation.js';
import type { ClusterDocument } from '../spec/schema.js';

/** Settings that would make K3s write to a bucket of the cluster, or read the snapshot from it instead of the disk. [k3s #8727] */
const SNAPSHOTS = /^etcd-(s3|snapshot)/;

/**
 * Returns config.yaml of a drill's machine: that of a first server of the document, without an agent, so that no pod runs, and without its
 * own snapshots.
 */
export function drillConfig(document: ClusterDocument, nodeName: string, instance: InstanceObservation): string {
  const { spec } = document;
  const config = Object.fromEntries(Object.entries(spec.k3s.config).filter(([key]) => !SNAPSHOTS.test(key)));
  return renderNodeConfig(
    { ...document, spec: { ...spec, k3s: { ...spec.k3s, config } } },
    {
      role: 'server',
      nodeName,
      bootstrapServer: true,
      joinAddress: null,
      config: { 'disable-agent': true, 'etcd-disable-snapshots': true },
      privateIp: instance.privateIp,
      publicIp: instance.publicIp,
      providerId: `aws:///${instance.zone}/${instance.id}`,
      labels: {},
      taints: [],
      withoutLabels: true,
    },
  );
}
