import type { Phase } from '../phase.js';
import type { OperationKind } from '../state.js';

/** What a step does; the order of the list is the order in a cluster's life. */
export type StepKind =
  | 'adopt'
  | 'inspect'
  | 'resolve'
  | 'security-group'
  | 'store-files'
  | 'set-groups'
  | 'launch'
  | 'agent'
  | 'volumes'
  | 'install'
  | 'found'
  | 'join'
  | 'publish'
  | 'verify'
  | 'gate'
  | 'drain'
  | 'second-look'
  | 'snapshot'
  | 'backup'
  | 'rehearse'
  | 'restore'
  | 'rotate'
  | 'stop-service'
  | 'stop-instance'
  | 'modify'
  | 'start-instance'
  | 'start-service'
  | 'uncordon'
  | 'remove-node'
  | 'remove-ghosts'
  | 'reboot'
  | 'save-volume'
  | 'retire'
  | 'tag'
  | 'label-nodes'
  | 'set-manifests'
  | 'terminate'
  | 'terminate-all'
  | 'sweep'
  | 'forget';

/** Steps that only wait or look: leaving them early loses nothing. */
export const WAITS: ReadonlySet<string> = new Set<StepKind>(['agent', 'gate', 'second-look', 'verify']);

/**
 * Steps that no one who uses the cluster notices and that prove themselves. They are done whatever `health.autoRepair` says: a port that
 * someone has opened by hand is not a broken node.
 */
export const QUIET: ReadonlySet<StepKind> = new Set<StepKind>([
  'security-group',
  'set-groups',
  'label-nodes',
  'publish',
]);

/** What a step takes away from those who use the cluster. */
export type Disruption = 'none' | 'node' | 'cluster';

/** How many slots may be between their first and their last step of one name at the same time. */
export interface Budget {
  /** E.g. `pool/workers`. */
  name: string;
  most: number;
}

export interface Step {
  /** `<kind>` or `<kind>:<slot>`; unique in a plan. */
  id: string;
  kind: StepKind;
  phase: Phase;
  slot: string | null;
  /** Ids of the steps of this plan that must have succeeded before. No barrier beyond these. */
  after: string[];
  title: string;
  reason: string;
  disruption: Disruption;
  /** Steps of other slots that share it wait for their turn. */
  budget?: Budget;
}

export interface Plan {
  kind: OperationKind;
  reason: string;
  steps: Step[];
  /** Of a document that is asked about: what a change of it means for which there is no step, e.g. that only new nodes get it. */
  notes?: string[];
  /** Why nothing is done although not all is as wanted: only a person can decide. */
  blocked?: { code: string; message: string; advice: string };
  /** When something that has to wait may be done, ISO 8601. */
  until?: string;
  /** Launches that are left out until their slots may be launched again: one message each, and the earliest time, ISO 8601. */
  deferred?: { messages: string[]; until: string };
  /** What that is, in words, where it is the next step for an instance in trouble. */
  waitsFor?: { for: string; until: string };
}

export const BACKUP_TITLE = 'save an etcd snapshot to the bucket';

export const stepId = (kind: StepKind, slot?: string): string => (slot === undefined ? kind : `${kind}:${slot}`);

const DISRUPTION_ORDER: readonly Disruption[] = ['none', 'node', 'cluster'];

/** The worst disruption among the steps. */
export function disruptionOf(steps: readonly Step[]): Disruption {
  const worst = Math.max(0, ...steps.map((step) => DISRUPTION_ORDER.indexOf(step.disruption)));
  return DISRUPTION_ORDER[worst] ?? 'none';
}

/** Collects the steps of a plan; drops dependencies on steps that this plan does not need because they are done. */
export class PlanBuilder {
  readonly steps: Step[] = [];

  add(step: Omit<Step, 'id' | 'slot' | 'disruption'> & { slot?: string; disruption?: Disruption }): string {
    const { slot, disruption = 'none', after, ...rest } = step;
    const id = stepId(step.kind, slot);
    const known = new Set(this.steps.map((one) => one.id));
    this.steps.push({
      ...rest,
      id,
      slot: slot ?? null,
      after: [...new Set(after)].filter((one) => known.has(one)),
      disruption,
    });
    return id;
  }
}
