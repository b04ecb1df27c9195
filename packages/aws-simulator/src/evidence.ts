/** Leftovers of a cluster, and duplicates: read from the account, not from Keelson's reports. */
import type { Ec2 } from './ec2/handle.js';
import type { LaunchEntry } from './record.js';
import type { S3 } from './s3/handle.js';

export interface Leftovers {
  /** Not terminated. */
  instances: { id: string; region: string; state: string; tags: Record<string, string> }[];
  volumes: string[];
  snapshots: string[];
  securityGroups: string[];
  /** `<bucket>/<key>` below clusters/<name>/. */
  keys: string[];
  /** `<bucket>/<key>` of uploads in parts that were neither completed nor aborted. */
  uploads: string[];
  total: number;
}

export interface Which {
  cluster: string | null;
  uid: string | null;
}

/** Everything that carries Keelson's tags, of one cluster or of all, and the bucket's keys. */
export function leftovers(ec2: Ec2, s3: S3, which: Which): Leftovers {
  const left: Leftovers = {
    instances: [],
    volumes: [],
    snapshots: [],
    securityGroups: [],
    keys: [],
    uploads: [],
    total: 0,
  };
  for (const account of ec2.accounts.values()) {
    for (const { id, region, state, tags } of account.instances.values()) {
      if (state !== 'terminated' && isOurs(tags, which)) left.instances.push({ id, region, state, tags });
    }
    for (const { id, tags } of account.volumes.values()) if (isOurs(tags, which)) left.volumes.push(id);
    for (const { id, tags } of account.snapshots.values()) if (isOurs(tags, which)) left.snapshots.push(id);
    for (const { id, tags } of account.groups.values()) if (isOurs(tags, which)) left.securityGroups.push(id);
  }
  const prefix = which.cluster === null ? 'clusters/' : `clusters/${which.cluster}/`;
  for (const bucket of s3.buckets.all()) {
    for (const key of bucket.objects.keys()) if (key.startsWith(prefix)) left.keys.push(`${bucket.name}/${key}`);
    for (const { key } of bucket.uploads.values())
      if (which.cluster === null || key.split('/')[1] === which.cluster) left.uploads.push(`${bucket.name}/${key}`);
  }
  const { instances, volumes, snapshots, securityGroups, keys, uploads } = left;
  left.total = [instances, volumes, snapshots, securityGroups, keys, uploads].reduce(
    (sum, { length }) => sum + length,
    0,
  );
  return left;
}

export interface Duplicate {
  cluster: string;
  uid: string;
  slot: string;
  generation: string;
  instanceIds: string[];
}

/** Slots and generations with more than one launched instance, ever. */
export function duplicates(launches: readonly LaunchEntry[]): Duplicate[] {
  const bySlot = new Map<string, Duplicate>();
  for (const { id, tags, launchIndex } of launches) {
    const [cluster, uid, tagged, generation] = ['cluster', 'uid', 'slot', 'generation'].map(
      (name) => tags[`keelson:${name}`],
    );
    if (uid === undefined || tagged === undefined || generation === undefined) continue;
    const slot = slotIn(tagged, launchIndex);
    const key = JSON.stringify([uid, slot, generation]);
    const found = bySlot.get(key) ?? { cluster: cluster ?? '', uid, slot, generation, instanceIds: [] };
    found.instanceIds.push(id);
    bySlot.set(key, found);
  }
  return [...bySlot.values()].filter(({ instanceIds }) => instanceIds.length > 1);
}

/** `workers-0+3` is a launch of several: the first has the slot workers-0, the next workers-3. */
function slotIn(tagged: string, launchIndex: number): string {
  const [, pool, first, step] = /^(.+-)(\d+)\+(\d+)$/.exec(tagged) ?? [];
  return pool === undefined ? tagged : `${pool}${Number(first) + launchIndex * Number(step)}`;
}

function isOurs(tags: Record<string, string>, { cluster, uid }: Which): boolean {
  const name = tags['keelson:cluster'];
  return name !== undefined && (cluster === null || name === cluster) && (uid === null || tags['keelson:uid'] === uid);
}
