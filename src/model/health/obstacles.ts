import type { Plan } from '../plan/steps.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';
import { confirmedFinding, type FindingKind, findingKey } from './findings.js';
import { kubernetesSays } from './kubernetes-says.js';
import { outageOf } from './outage.js';
import type { Remediation } from './remediations.js';
import { mostReplacements } from './replacement-limit.js';

export type Obstacle = NonNullable<Plan['blocked']>;

const CHECKS = ['system-check', 'instance-check'] as const satisfies FindingKind[];
/** If more than two of five nodes are not Ready, the cause is not their machines. */
const SHARE = 0.4;

/**
 * Returns why a repair that is due is not done; null when nothing stands in its way.
 *
 * @param budget how many nodes Keelson may still replace now
 */
export function obstacleTo(
  document: ClusterDocument,
  state: ClusterState,
  repair: Remediation,
  budget: number,
): Obstacle | null {
  const { slot, action, reason } = repair;
  // A failing check of EC2 concerns the machine, not SSM, nor what the nodes have in common.
  const failing = CHECKS.some((kind) => confirmedFinding(state, slot.name, kind) !== null);
  const outage = failing ? null : unreachable(state, slot);
  if (outage !== null) return outage;
  if (action === 'replace' && slot.role === 'server' && document.spec.mode === 'dev') {
    return {
      code: 'SingleServer',
      message: `${slot.name} (${slot.instance?.id}): ${reason}; it is the only server, and its disk is all there is`,
      hint: 'Keelson does not replace it: save what is on it (a snapshot, the volume), then stop and start the cluster, or delete it and create it again',
    };
  }
  const many = failing || action === 'restart' ? null : manyNotReady(state, repair);
  if (many !== null) return many;
  const others = slot.role === 'server' ? serversInDoubt(state, slot) : [];
  if (others.length > 0) {
    return {
      code: 'QuorumAtRisk',
      message: `${slot.name}: ${reason}; it would: ${action} it; but ${others.join(', ')} is unhealthy as well, or cannot be asked, and the quorum could be lost`,
      hint: 'nothing is done to it before the others are healthy: repair one by hand, or see why K3s does not come up there',
    };
  }
  return action === 'replace' && budget === 0 ? deferredBy(state, [slot.name], null) : null;
}

/** Returns the report about lost agents that have something in common, also if no repair is due. */
export function agentsUnreachable(state: ClusterState): Obstacle | null {
  const outage = outageOf(state);
  return outage && { code: 'AgentsUnreachable', message: outage.message, hint: outage.hint };
}

const unreachable = (state: ClusterState, slot: Slot): Obstacle | null =>
  outageOf(state)?.slots.has(slot.name) === true ? agentsUnreachable(state) : null;

function manyNotReady(state: ClusterState, { slot, action, reason }: Remediation): Obstacle | null {
  if (state.findings[findingKey(slot.name, 'ready')] === undefined) return null;
  const nodes = Object.values(state.slots).filter((one) => one.joined);
  const failing = nodes.filter((one) => state.findings[findingKey(one.name, 'ready')] !== undefined);
  if (failing.length < 2 || failing.length <= nodes.length * SHARE) return null;
  return {
    code: 'NodesNotReady',
    message: `${failing.map((one) => one.name).join(', ')}: ${failing.length} of ${nodes.length} nodes are not Ready at once; it would: ${action} ${slot.name} (${reason})`,
    hint: 'no machine is rebooted or replaced for it: see what they have in common (CNI, registry, network, the last change); kubectl describe node tells more',
  };
}

const VITAL = ['ready', 'voter', 'readyz', 'service'] as const satisfies FindingKind[];

/** Returns the other servers that do not serve or vote, or whose state is unknown. One observation is enough. */
export function serversInDoubt(state: ClusterState, slot: Slot): string[] {
  return Object.values(state.slots)
    .filter((one) => one.role === 'server' && one.name !== slot.name)
    .filter((one) => {
      if (one.instance?.power !== 'running' || !one.joined || one.service !== 'running') return true;
      if (VITAL.some((kind) => state.findings[findingKey(one.name, kind)] !== undefined)) return true;
      const doubts = (['agent', ...CHECKS] as const).flatMap(
        (kind) => state.findings[findingKey(one.name, kind)]?.since ?? [],
      );
      return doubts.length > 0 && kubernetesSays(state, one, doubts.sort().at(-1)) !== 'Ready';
    })
    .map((one) => one.name);
}

/** Returns the obstacle of the replacement limit: Keelson has replaced too many nodes within the hour. */
export function deferredBy(state: ClusterState, names: string[], until: string | null): Obstacle {
  const when = until === null ? '' : `; the next one may be at ${until}`;
  return {
    code: 'RepairRateLimited',
    message: `${names.join(', ')}: to be replaced, but ${mostReplacements(state)} nodes were within the last hour${when}`,
    hint: 'see why nodes are lost (`keelson events`); `keelson repair` replaces them at once',
  };
}
