import type { Phase } from '../phase.js';
import type { OperationKind } from '../state.js';

/** Kinds of steps; the order of the list is the order in a cluster's life. */
export type StepKind =
  | 'adopt'
  | 'inspect'
  | 'preflight'
  | 'security-group'
  | 'store-files'
  | 'set-groups'
  | 'launch'
  | 'wait-for-agent'
  | 'volumes'
  | 'install'
  | 'bootstrap'
  | 'join'
  | 'publish'
  | 'verify'
  | 'check-quorum'
  | 'drain'
  | 'recheck-quorum'
  | 'snapshot'
  | 'backup'
  | 'rehearse'
  | 'restore'
  | 'rotate'
  | 'stop-service'
  | 'stop-instance'
  | 'change-type'
  | 'start-instance'
  | 'start-service'
  | 'uncordon'
  | 'remove-node'
  | 'remove-stale-nodes'
  | 'reboot'
  | 'save-volume'
  | 'terminate-for-replacement'
  | 'tag'
  | 'label-nodes'
  | 'set-manifests'
  | 'terminate'
  | 'terminate-all'
  | 'sweep'
  | 'delete-objects';

/** Steps that only wait or observe: leaving them early loses nothing. */
export const WAITS: ReadonlySet<string> = new Set<StepKind>([
  'wait-for-agent',
  'check-quorum',
  'recheck-quorum',
  'verify',
]);

/**
 * Steps that no user of the cluster notices and that prove themselves. They run whatever `health.autoRepair` says: a port that someone has
 * opened by hand is not a broken node.
 */
export const QUIET: ReadonlySet<StepKind> = new Set<StepKind>([
  'security-group',
  'set-groups',
  'label-nodes',
  'publish',
]);

/** What a step takes away from the cluster's users. */
export type Disruption = 'none' | 'node' | 'cluster';

/** How many slots may be between their first and their last step of one name at the same time. */
export interface Budget {
  /** E.g. `pool/workers`. */
  name: string;
  most: number;
  /** The slot is away already: it holds a share without waiting for one, until its last step is done. */
  away?: true;
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
  /** Its failure ends no other step but those that wait for it. */
  beside?: true;
}

export interface Plan {
  kind: OperationKind;
  reason: string;
  steps: Step[];
  /** For a document that is only planned: effects of a change that have no step, e.g. that only new nodes get it. */
  notes?: string[];
  /** Why Keelson does nothing although the desired state is not reached: only a person can decide. */
  blocked?: { code: string; message: string; hint: string };
  /** When a waiting step may run, ISO 8601. */
  until?: string;
  /** Launches that wait until their slots may launch again: one message each, and the earliest time, ISO 8601. */
  deferred?: { messages: string[]; until: string };
  /** What the plan waits for, in words, if it is the next step for an instance in trouble. */
  waitsFor?: { for: string; until: string };
}

export const BACKUP_TITLE = 'save an etcd snapshot to the bucket';

export const stepId = (kind: StepKind, slot?: string): string => (slot === undefined ? kind : `${kind}:${slot}`);

const DISRUPTION_ORDER: readonly Disruption[] = ['none', 'node', 'cluster'];

/** Returns the worst disruption among the steps. */
export function disruptionOf(steps: readonly Step[]): Disruption {
  const worst = Math.max(0, ...steps.map((step) => DISRUPTION_ORDER.indexOf(step.disruption)));
  return DISRUPTION_ORDER[worst] ?? 'none';
}

/** Collects the steps of a plan; drops dependencies on steps that are done and therefore not in this plan. */
export class PlanBuilder {
  readonly steps: Step[] = [];
  private readonly known = new Set<string>();
  private readonly kinds = new Map<StepKind, Step[]>();

  add(step: Omit<Step, 'id' | 'slot' | 'disruption'> & { slot?: string; disruption?: Disruption }): string {
    const { slot, disruption = 'none', after, ...rest } = step;
    const id = stepId(step.kind, slot);
    const added: Step = {
      ...rest,
      id,
      slot: slot ?? null,
      after: [...new Set(after)].filter((one) => this.known.has(one)),
      disruption,
    };
    this.steps.push(added);
    this.known.add(id);
    const alike = this.kinds.get(step.kind);
    if (alike === undefined) this.kinds.set(step.kind, [added]);
    else alike.push(added);
    return id;
  }

  has(id: string): boolean {
    return this.known.has(id);
  }

  /** Returns the steps of that kind so far. What is asked for each of hundreds of slots must not look through the steps of all. */
  ofKind(kind: StepKind): readonly Step[] {
    return this.kinds.get(kind) ?? [];
  }
}
