/** The columns of `kubectl get nodes`, for the stand-in and for the Table format of the API. */
import type { NodeObject } from '../node.js';
import { age } from './duration.js';

export const NODE_COLUMNS = [
  { name: 'Name', type: 'string', format: 'name', wide: false },
  { name: 'Status', type: 'string', format: '', wide: false },
  { name: 'Roles', type: 'string', format: '', wide: false },
  { name: 'Age', type: 'string', format: '', wide: false },
  { name: 'Version', type: 'string', format: '', wide: false },
  { name: 'Internal-IP', type: 'string', format: '', wide: true },
  { name: 'External-IP', type: 'string', format: '', wide: true },
  { name: 'OS-Image', type: 'string', format: '', wide: true },
  { name: 'Kernel-Version', type: 'string', format: '', wide: true },
  { name: 'Container-Runtime', type: 'string', format: '', wide: true },
] as const;

const ROLE = 'node-role.kubernetes.io/';

/** Returns one cell a column of NODE_COLUMNS. */
export function nodeRow(node: NodeObject): string[] {
  const ready = node.status.conditions.find(({ type }) => type === 'Ready')?.status;
  const roles = Object.keys(node.metadata.labels)
    .filter((label) => label.startsWith(ROLE))
    .map((label) => label.slice(ROLE.length))
    .sort();
  const { nodeInfo, addresses } = node.status;
  return [
    node.metadata.name,
    (ready === 'True' ? 'Ready' : 'NotReady') + ('unschedulable' in node.spec ? ',SchedulingDisabled' : ''),
    roles.join(',') || '<none>',
    age(node.metadata.creationTimestamp),
    nodeInfo.kubeletVersion,
    addresses.find(({ type }) => type === 'InternalIP')?.address ?? '<none>',
    '<none>',
    nodeInfo.osImage,
    nodeInfo.kernelVersion,
    nodeInfo.containerRuntimeVersion,
  ];
}
