import type { Plan } from '../plan/steps.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';
import { mostReplacements } from './brake.js';
import { believed, type FindingKind, findingKey } from './findings.js';
import { kubernetesSays } from './kubernetes-says.js';
import { outageOf } from './outage.js';
import type { Repair } from './remedies.js';

export type Obstacle = NonNullable<Plan['blocked']>;

const CHECKS = ['system-check', 'instance-check'] as const satisfies FindingKind[];
/** Where more nodes than two of five are not Ready, it is not their machines. */
const SHARE = 0.4;

/**
 * Why a repair that is due is not done; null when nothing stands in its way.
 *
 * @param left how many nodes may still be replaced now
 */
export function obstacleTo(
  document: ClusterDocument,
  state: ClusterState,
  repair: Repair,
  left: number,
): Obstacle | null {
  const { slot, remedy, reason } = repair;
  // What EC2 itself holds against a machine is no matter of SSM, nor of what the nodes have in common.
  const failing = CHECKS.some((kind) => believed(state, slot.name, kind) !== null);
  const outage = failing ? null : unreachable(state, slot);
  if (outage !== null) return outage;
  if (remedy === 'replace' && slot.role === 'server' && document.spec.mode === 'dev') {
    return {
      code: 'OnlyServer',
      message: `${slot.name} (${slot.instance?.id}): ${reason}; it is the only server, and its disk is all there is`,
      advice:
        'Keelson does not replace it: save what is on it (a snapshot, the volume), then stop and start the cluster, or delete it and create it again',
    };
  }
  const many = failing || remedy === 'restart' ? null : manyNotReady(state, repair);
  if (many !== null) return many;
  const others = slot.role === 'server' ? serversInDoubt(state, slot) : [];
  if (others.length > 0) {
    return {
      code: 'QuorumAtRisk',
      message: `${slot.name}: ${reason}; it would: ${remedy} it; but ${others.join(', ')} is not well either, or cannot be asked, and the quorum could be lost`,
      advice:
        'nothing is done to it before the others are well: mend one by hand, or see why K3s does not come up there',
    };
  }
  return remedy === 'replace' && left === 0 ? parkedBy(state, [slot.name], null) : null;
}

/** What is reported about lost agents that have something in common, also where no repair is due. */
export function agentsUnreachable(state: ClusterState): Obstacle | null {
  const outage = outageOf(state);
  return outage && { code: 'AgentsUnreachable', message: outage.message, advice: outage.advice };
}

const unreachable = (state: ClusterState, slot: Slot): Obstacle | null =>
  outageOf(state)?.slots.has(slot.name) === true ? agentsUnreachable(state) : null;

function manyNotReady(state: ClusterState, { slot, remedy, reason }: Repair): Obstacle | null {
  if (state.findings[findingKey(slot.name, 'ready')] === undefined) return null;
  const nodes = Object.values(state.slots).filter((one) => one.joined);
  const failing = nodes.filter((one) => state.findings[findingKey(one.name, 'ready')] !== undefined);
  if (failing.length < 2 || failing.length <= nodes.length * SHARE) return null;
  return {
    code: 'NodesNotReady',
    message: `${failing.map((one) => one.name).join(', ')}: ${failing.length} of ${nodes.length} nodes are not Ready at once; it would: ${remedy} ${slot.name} (${reason})`,
    advice:
      'no machine is rebooted or replaced for it: see what they have in common (CNI, registry, network, the last change); kubectl describe node tells more',
  };
}

const VITAL = ['ready', 'voter', 'readyz', 'service'] as const satisfies FindingKind[];

/** Servers besides this one that do not serve or vote, or of which that is not known. One look that says so is enough. */
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

/** The replacement limit: too many nodes were replaced within the hour. */
export function parkedBy(state: ClusterState, names: string[], until: string | null): Obstacle {
  const when = until === null ? '' : `; the next one may be at ${until}`;
  return {
    code: 'RepairParked',
    message: `${names.join(', ')}: to be replaced, but ${mostReplacements(state)} nodes were within the last hour${when}`,
    advice: 'see why nodes are lost (`keelson events`); `keelson repair` replaces them at once',
  };
}
