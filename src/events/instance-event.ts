import type { Instance } from '@aws-sdk/client-ec2';
import type { Messenger } from '../activities/watch/messenger.js';
import type { InstallationSource } from '../aws/installation.js';
import type { Readers } from '../aws/readers.js';
import { tagValue } from '../aws/tags.js';
import { TAG } from '../model/tags.js';
import type { Event } from './parse.js';

type InstanceEvent = Extract<Event, { kind: 'instance' }>;

/** Readers of the account that an event is from. */
export type ReadersIn = (account: string, region: string) => Promise<Readers>;

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
    private readonly readersIn: ReadersIn,
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
  async handle(event: InstanceEvent): Promise<string | null> {
    const { instanceId, state: told } = event;
    // The step that launches or starts an instance waits for it.
    if (told === 'pending') return null;
    const known = this.#owners.get(instanceId);
    if (known === null) return null;
    const instance = known === undefined || PASSING.has(told) ? await this.#read(event) : undefined;
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
  async #read({ account, region, instanceId }: InstanceEvent): Promise<Instance | undefined> {
    const readers = await this.readersIn(account, region);
    return await readers(region).instance.next(instanceId);
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
