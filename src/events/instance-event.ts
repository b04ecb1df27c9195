import type { Instance } from '@aws-sdk/client-ec2';
import type { WorkflowNotifier } from '../activities/watch/workflow-notifier.js';
import type { InstallationSource } from '../aws/installation.js';
import type { Readers } from '../aws/readers.js';
import { tagValue } from '../aws/tags.js';
import { DRILL_SLOT } from '../model/drill/state.js';
import { TAG } from '../model/tags.js';
import type { Event } from './parse.js';

type InstanceEvent = Extract<Event, { kind: 'instance' }>;

/** Readers of the event's account. */
export type ReadersIn = (account: string, region: string) => Promise<Readers>;

interface Owner {
  cluster: string;
  uid: string;
}

/** How many instances' owners it remembers: an instance that ended long ago has lost its tags, too. */
const MOST = 20_000;

/** States that Keelson itself may have ended before their event arrives. */
const PASSING: ReadonlySet<string> = new Set(['stopping', 'stopped']);

/**
 * Notifies an instance's cluster at once of its change of state. The cluster compares it with its own state, so a repeated, late or
 * disordered event costs at most an observation.
 */
export class InstanceEvents {
  /** null: not ours. */
  readonly #owners = new Map<string, Owner | null>();

  constructor(
    private readonly readersIn: ReadersIn,
    private readonly workflowNotifier: Pick<WorkflowNotifier, 'reconcile'>,
    private readonly installation: InstallationSource,
  ) {}

  /**
   * Returns the present state, asked again: the event of a stop arrives seconds later, when a resize has long started the instance again,
   * and would look like a loss.
   *
   * @returns the cluster that was notified, or null
   * @throws EC2's error: the event comes again
   */
  async handle(event: InstanceEvent): Promise<string | null> {
    const { instanceId, state: told } = event;
    // The step that launches or starts an instance waits for it.
    if (told === 'pending') return null;
    const known = this.#owners.get(instanceId);
    if (known === null) return null;
    // A launch that its step waits for: a call, a signal and a workflow task for each new instance. Of one that was reported before, it takes back what was said.
    if (known === undefined && told === 'running') return null;
    const instance = known === undefined || PASSING.has(told) ? await this.#read(event) : undefined;
    const owner = known ?? (await this.#remember(instanceId, instance));
    if (owner === null) return null;
    const state = instance?.State?.Name ?? told;
    if (state === 'pending') return null;
    const { cluster, uid } = owner;
    const regionReport = { uid, whole: false, seen: [{ id: instanceId, state }] };
    const answer = await this.workflowNotifier.reconcile(cluster, `${instanceId} is ${state}`, regionReport);
    return answer === 'told' ? cluster : null;
  }

  /** Simultaneous ids share a call, with those of waits for instances. */
  async #read({ account, region, instanceId }: InstanceEvent): Promise<Instance | undefined> {
    const readers = await this.readersIn(account, region);
    return await readers(region).instance.next(instanceId);
  }

  async #remember(id: string, instance: Instance | undefined): Promise<Owner | null> {
    // Not listed yet or any more: not remembered, because the next event may find it.
    if (instance === undefined) return null;
    const cluster = tagValue(instance.Tags, TAG.cluster);
    const uid = tagValue(instance.Tags, TAG.uid);
    const isOurs = tagValue(instance.Tags, TAG.installation) === (await this.installation()).id;
    // The machine of a drill has no slot in its cluster.
    const isOfDrill = tagValue(instance.Tags, TAG.slot) === DRILL_SLOT;
    const owner = !isOurs || isOfDrill || cluster === undefined || uid === undefined ? null : { cluster, uid };
    this.#owners.set(id, owner);
    const oldest = this.#owners.keys().next().value;
    if (this.#owners.size > MOST && oldest !== undefined) this.#owners.delete(oldest);
    return owner;
  }
}
