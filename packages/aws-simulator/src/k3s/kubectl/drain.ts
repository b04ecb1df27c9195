/** `kubectl drain`: cordon, then evictions, which a PodDisruptionBudget may hold up until the time-out. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type CommandReply, reply } from '../../machine/systemctl.js';
import { goDuration } from './args.js';
import { setCordon } from './change.js';
import { type KubectlContext, notFound, pick } from './context.js';

/** kubectl tries a refused eviction again after five seconds. */
const RETRY_MS = 5_000;

/**
 * Fault point `k3s.drain`, asked at each try. Effect `pdb-blocks`: meanwhile no pod may go. Effects `bare-pod` and `empty-dir`: the node
 * has a pod without a controller, or one with an emptyDir volume; kubectl refuses it unless the flags allow it. [kubectl source: pkg/drain,
 * filters]
 */
export async function drain(
  context: KubectlContext,
  names: string[],
  flags: Map<string, string>,
): Promise<CommandReply> {
  const { cluster, world } = context;
  const { found, missing } = pick(cluster, names);
  if (missing !== undefined) return reply(1, '', notFound(missing));
  const timeout = goDuration(flags.get('timeout') ?? '0s');
  const deadline = timeout > 0 ? Date.now() + timeout : Number.POSITIVE_INFINITY;
  let told = '';
  let troubles = '';
  for (const node of found) {
    told += setCordon(context, [node.name], true).stdout;
    if (flags.get('ignore-daemonsets') !== 'true') {
      const text = `error: unable to drain node "${node.name}" due to error: cannot delete DaemonSet-managed Pods (use --ignore-daemonsets to ignore)\n`;
      return reply(1, told, text);
    }
    const effect = (): string | undefined =>
      world.fault('k3s.drain', { instanceId: node.instanceId, node: node.name })?.effect;
    const refusal = refusalOf(effect(), flags);
    if (refusal !== null)
      return reply(
        1,
        told,
        `error: unable to drain node "${node.name}" due to error: ${refusal}, continuing command...\n`,
      );
    while (effect() === 'pdb-blocks') {
      troubles += `error when evicting pods/"web-0" -n "default" (will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget.\n`;
      if (Date.now() >= deadline) {
        const text = `error: unable to drain node "${node.name}" due to error: global timeout reached: ${flags.get('timeout')}\n`;
        return reply(1, told, troubles + text);
      }
      await sleep(Math.min(RETRY_MS, Math.max(1, deadline - Date.now()), Math.max(10, world.profile.drain)));
    }
    const deliver = world.lastSpan(context.instanceId, 'deliver');
    const quorum = node.role === 'server' ? cluster.membershipSpans() : [];
    const after = [...(deliver ? [deliver.id] : []), ...quorum];
    await world.impose({ kind: 'drain', instanceId: node.instanceId, ms: world.profile.drain, after });
    world.note('drained', { instanceId: node.instanceId, node: node.name });
    told += `node/${node.name} drained\n`;
  }
  return reply(0, told, troubles);
}

function refusalOf(effect: string | undefined, flags: Map<string, string>): string | null {
  if (effect === 'bare-pod' && flags.get('force') !== 'true')
    return 'cannot delete Pods that declare no controller (use --force to override): default/bare-0';
  if (effect === 'empty-dir' && flags.get('delete-emptydir-data') !== 'true')
    return 'cannot delete Pods with local storage (use --delete-emptydir-data to override): default/cache-0';
  return null;
}
