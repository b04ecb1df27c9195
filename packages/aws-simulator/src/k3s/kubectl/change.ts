/** cordon, uncordon, annotate and delete of Nodes. */
import { type CommandReply, reply } from '../../machine/systemctl.js';
import { type KubectlContext, notFound, pick } from './context.js';

const REMOVE = 'etcd.k3s.cattle.io/remove';
const REMOVED_NAME = 'etcd.k3s.cattle.io/removed-node-name';

export function setCordon({ cluster, world }: KubectlContext, names: string[], cordon: boolean): CommandReply {
  const { found, missing } = pick(cluster, names);
  if (missing !== undefined) return reply(1, '', notFound(missing));
  const done = cordon ? 'cordoned' : 'uncordoned';
  const lines = found.map((node) => {
    const already = node.unschedulable === cordon;
    node.unschedulable = cordon;
    if (!already) world.note(done, { instanceId: node.instanceId, node: node.name });
    return `node/${node.name} ${already ? `already ${done}` : done}\n`;
  });
  return reply(0, lines.join(''));
}

/**
 * `annotate node NAME k=v k-`. K3s's controller answers `etcd.k3s.cattle.io/remove=true` by removing the member, and reports it in
 * `etcd.k3s.cattle.io/removed-node-name`. [k3s: etcd member controller]
 */
export function annotate(context: KubectlContext, words: string[]): CommandReply {
  const isChange = (word: string) => word.includes('=') || word.endsWith('-');
  const { found, missing } = pick(
    context.cluster,
    words.filter((word) => !isChange(word)),
  );
  if (missing !== undefined) return reply(1, '', notFound(missing));
  let told = '';
  for (const node of found) {
    const target = node.annotations;
    for (const change of words.filter(isChange)) {
      const [key = '', ...value] = change.split('=');
      if (change.includes('=')) target[key] = value.join('=');
      else delete target[change.slice(0, -1)];
    }
    told += `node/${node.name} annotated\n`;
    if (node.annotations[REMOVE] === 'true') removeMember(context, node.name);
  }
  return reply(0, told);
}

export function deleteNodes(context: KubectlContext, names: string[], lenient: boolean): CommandReply {
  const { cluster, plane, world } = context;
  const { found, missing } = pick(cluster, names);
  if (missing !== undefined && !lenient) return reply(1, '', notFound(missing));
  let told = '';
  for (const node of found) {
    const member = cluster.memberOf(node.name);
    const refusal = cluster.deleteNode(node.name);
    if (refusal) return reply(1, told, `Error from server: ${refusal}\n`);
    if (member) plane.serverOn(member.instanceId)?.removed();
    world.note('node-deleted', { instanceId: node.instanceId, node: node.name });
    told += `node "${node.name}" deleted\n`;
  }
  return reply(0, told);
}

/**
 * After etcd's refusal the annotation has no answer; K3s's controller would try again and again. If the member does not exist (any more)
 * there is nothing to remove, and K3s answers as well. [k3s: pkg/etcd, RemovePeer]
 */
function removeMember({ cluster, plane }: KubectlContext, nodeName: string): void {
  const node = cluster.nodes.get(nodeName);
  const member = cluster.memberOf(nodeName);
  if (!node || node.annotations[REMOVED_NAME] !== undefined) return;
  if (member && cluster.etcd.remove(member) !== null) return;
  node.annotations[REMOVED_NAME] = member?.name ?? nodeName;
  if (member) plane.serverOn(member.instanceId)?.removed();
}
