import type { Instance } from '@aws-sdk/client-ec2';
import type { Messenger } from '../activities/watch/messenger.js';
import type { InstallationSource } from '../aws/installation.js';
import type { Readers } from '../aws/readers.js';
import { tagValue } from '../aws/tags.js';
import { TAG } from '../model/tags.js';
import type { Event } from './parse.js';

type InstanceEvent = Extract<Event, { kind: 'instance' }>;

interface Owner {
  cluster: string;
  uid: string;
}

/** Owners of this many instances are remembered: an instance that is gone for long has lost its tags, too. */
const MOST = 20_000;

/** States that an instance may have left again, by our own hand, before the event of them arrives. */
const PASSING: ReadonlySet<string> = new Set(['stopping', 'stopped']);

/**
 * Tells the cluster of an instance at once that it has changed its state. The cluster compares that with what it knows, so an event that
 * comes twice, late or after a younger one costs at most a look.
 */
export class InstanceEvents {
  /** null: not ours. */
  readonly #owners = new Map<string, Owner | null>();

  constructor(
    private readonly readers: Readers,
    private readonly messenger: Pick<Messenger, 'look'>,
    private readonly installation: InstallationSource,
  ) {}

  /**
   * The event of a stop arrives seconds after it, when a resize has long started the instance again: told as it is, it would be taken for
   * a loss of the instance that is being waited for. So what may have passed is asked for again.
   *
   * @returns the cluster that was told, or null
   * @throws what EC2 has answered: the event is to come again
   */
  async handle({ region, instanceId, state: told }: InstanceEvent): Promise<string | null> {
    // Whoever launches or starts an instance waits for it.
    if (told === 'pending') return null;
    const known = this.#owners.get(instanceId);
    if (known === null) return null;
    const instance = known === undefined || PASSING.has(told) ? await this.#read(region, instanceId) : undefined;
    const owner = known ?? (await this.#remember(instanceId, instance));
    if (owner === null) return null;
    const state = instance?.State?.Name ?? told;
    if (state === 'pending') return null;
    const { cluster, uid } = owner;
    const sight = { uid, whole: false, seen: [{ id: instanceId, state }] };
    const answer = await this.messenger.look(cluster, `${instanceId} is ${state}`, sight);
    return answer === 'told' ? cluster : null;
  }

  /** Ids asked for at the same time share a call, as do those who wait for instances. */
  #read(region: string, id: string): Promise<Instance | undefined> {
    return this.readers(region).instance.next(id);
  }

  async #remember(id: string, instance: Instance | undefined): Promise<Owner | null> {
    // Not listed yet or any more: not remembered, for the next event may find it.
    if (instance === undefined) return null;
    const cluster = tagValue(instance.Tags, TAG.cluster);
    const uid = tagValue(instance.Tags, TAG.uid);
    const isOurs = tagValue(instance.Tags, TAG.installation) === (await this.installation()).id;
    const owner = !isOurs || cluster === undefined || uid === undefined ? null : { cluster, uid };
    this.#owners.set(id, owner);
    const oldest = this.#owners.keys().next().value;
    if (this.#owners.size > MOST && oldest !== undefined) this.#owners.delete(oldest);
    return owner;
  }
}
