import type { Instance } from '@aws-sdk/client-ec2';
import { tagValue } from '../../aws/tags.js';
import { DRILL_SLOT } from '../../model/drill/state.js';
import type { InstanceStateName } from '../../model/observation.js';
import { groupsKey } from '../../model/security-groups/of-instance.js';
import { TAG } from '../../model/tags.js';
import { groupsOf, stateOf } from '../ec2/instance-view.js';

/** What counts of an instance, without the kilobytes that EC2 says of it. */
export interface KnownInstance {
  id: string;
  state: InstanceStateName;
  type: string;
  /** Security groups of its primary network interface; missing where EC2 shows none. */
  groups?: string;
  /** Null for one without a cluster, or of a drill: that has a workflow of its own. */
  cluster: string | null;
  uid: string;
}

const GONE: ReadonlySet<InstanceStateName> = new Set(['shutting-down', 'terminated']);

/**
 * The installation's instances in a region, from round to round. At rest all of them run: what does not run is a short list, and tells which clusters have to
 * be listed again.
 */
export class KnownInstances {
  #byId = new Map<string, KnownInstance>();

  get size(): number {
    return this.#byId.size;
  }

  all(): Iterable<KnownInstance> {
    return this.#byId.values();
  }

  /** Takes over the list of all that are not gone. */
  takeAll(instances: readonly KnownInstance[]): void {
    this.#byId = new Map(instances.map((one) => [one.id, one]));
  }

  /** Takes over the list of all that are not gone in these clusters. */
  takeClusters(names: ReadonlySet<string>, instances: readonly KnownInstance[]): void {
    for (const { id, cluster } of this.#byId.values())
      if (cluster !== null && names.has(cluster)) this.#byId.delete(id);
    for (const one of instances) this.#byId.set(one.id, one);
  }

  /**
   * Compares with the list of all that do not run, those that have ended within the last hour included.
   *
   * @returns the clusters of those that are not as they were
   */
  differing(notRunning: readonly KnownInstance[]): Set<string> {
    const seen = new Set<string>();
    const clusters = new Set<string>();
    const note = ({ cluster }: KnownInstance): void => {
      if (cluster !== null) clusters.add(cluster);
    };
    for (const one of notRunning) {
      seen.add(one.id);
      const before = this.#byId.get(one.id);
      if (before === undefined ? !GONE.has(one.state) : before.state !== one.state) note(before ?? one);
    }
    for (const one of this.#byId.values()) if (one.state !== 'running' && !seen.has(one.id)) note(one);
    return clusters;
  }
}

export function knownInstance(instance: Instance): KnownInstance {
  const { Tags, InstanceId: id = '', InstanceType: type = '' } = instance;
  const [cluster, uid] = [tagValue(Tags, TAG.cluster), tagValue(Tags, TAG.uid)];
  const isOfCluster = cluster !== undefined && uid !== undefined && tagValue(Tags, TAG.slot) !== DRILL_SLOT;
  const groups = groupsOf(instance);
  return {
    id,
    type,
    ...(groups.length > 0 && { groups: groupsKey(groups) }),
    state: stateOf(instance),
    cluster: isOfCluster ? cluster : null,
    uid: uid ?? '',
  };
}
