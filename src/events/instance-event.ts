import type { Messenger } from '../activities/watch/messenger.js';
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
  ) {}

  /** @returns the cluster that was told, or null */
  async handle({ region, instanceId, state }: InstanceEvent): Promise<string | null> {
    // Whoever launches or starts an instance waits for it.
    if (state === 'pending') return null;
    const owner = await this.#ownerOf(region, instanceId);
    if (owner === null) return null;
    const { cluster, uid } = owner;
    const sight = { uid, whole: false, seen: [{ id: instanceId, state }] };
    const answer = await this.messenger.look(cluster, `${instanceId} is ${state}`, sight);
    return answer === 'told' ? cluster : null;
  }

  /** Ids asked for at the same time share a call, as do those who wait for instances. */
  async #ownerOf(region: string, id: string): Promise<Owner | null> {
    const known = this.#owners.get(id);
    if (known !== undefined) return known;
    const instance = await this.readers(region).instance.next(id);
    // Not listed yet or any more: not remembered, for the next event may find it.
    if (instance === undefined) return null;
    const cluster = tagValue(instance.Tags, TAG.cluster);
    const uid = tagValue(instance.Tags, TAG.uid);
    const owner = cluster === undefined || uid === undefined ? null : { cluster, uid };
    this.#owners.set(id, owner);
    const oldest = this.#owners.keys().next().value;
    if (this.#owners.size > MOST && oldest !== undefined) this.#owners.delete(oldest);
    return owner;
  }
}
