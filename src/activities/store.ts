import { createHash } from 'node:crypto';
import { bucketPrefix, filesKey } from '../model/bucket.js';
import type { StatusView } from '../model/status.js';
import { bundleText } from '../node-scripts/bundle.js';
import type { ForgetInput, StatusInput, StoreFilesInput } from './api.js';
import type { ActivityContext } from './attempt.js';
import { requireClaim, requireUnclaimed } from './claim.js';
import type { ActivityDeps } from './deps.js';
import { statusIn } from './status-input.js';
import { statusYaml } from './status-yaml.js';

const HEAD =
  '# Written by Keelson after every step, for people and programs to read. Changes made here are overwritten.\n';

/** Writes status.yaml. One writer by design: the cluster's workflow; the latest status wins. */
export async function writeStatus(deps: ActivityDeps, attempt: ActivityContext, input: StatusInput): Promise<void> {
  const begun = performance.now();
  // The workflow of this version has made it; what it is deflated from has no type on its way.
  const written = statusIn(input) as StatusView;
  const text = HEAD + statusYaml(written);
  await deps.bucket.put(`${bucketPrefix(input.cluster)}status.yaml`, text);
  // Behind the status: a receiver that does not answer keeps no one from reading it, and this activity is tried again.
  await deps.notifier?.tell(written);
  if (written.operation === null || written.desiredState === 'deleted') return;
  // What changes meanwhile goes into one next write (ADR 0064). Who ends the wait early has nothing to do again.
  // From the begin, so that a slow bucket or receiver has the whole time-out of the activity.
  const restMs = Math.max(0, FOLD_MS - (performance.now() - begun));
  await deps.statusHolds.hold(attempt.runId, input.write, () => attempt.sleep(restMs).catch(() => undefined));
}

/** Steps that end within it are one row in the Web UI; as much later status.yaml may tell of a step. */
const FOLD_MS = 5_000;

/** Deletes keys one after the other, so that an interrupted delete keeps the last ones. @returns those still listed */
export async function forget(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: ForgetInput,
): Promise<{ remaining: string[] }> {
  await (input.claim === undefined ? requireUnclaimed(deps, input) : requireClaim(deps, input));
  const prefix = bucketPrefix(input.cluster);
  // Files of nodes go first, whatever the workflow knows of them: one that has adopted the cluster knows none.
  const files = await deps.bucket.list(prefix + filesKey(''));
  for (const key of files) await deps.bucket.remove(key);
  for (const key of input.keys) await deps.bucket.remove(prefix + key);
  const listed = new Set(await deps.bucket.list(prefix));
  const keys = [...files, ...input.keys.map((key) => prefix + key)];
  const remaining = keys.filter((key) => listed.has(key)).map((key) => key.slice(prefix.length));
  if (remaining.length === 0) await tellDeleted(deps, attempt, input);
  return { remaining };
}

/** A receiver that takes nothing does not keep a cluster from its end for ever. */
const TELL_ATTEMPTS = 5;

async function tellDeleted(
  { notifier }: ActivityDeps,
  { number, log }: ActivityContext,
  input: ForgetInput,
): Promise<void> {
  const { cluster, uid, region, operation, startedAt } = input;
  try {
    await notifier?.tellDeleted({ cluster, uid, region, operation, startedAt, endedAt: new Date().toISOString() });
  } catch (error) {
    if (number < TELL_ATTEMPTS) throw error;
    log.warn(`the end of the delete was not told: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Bundles go to the bucket, where nodes take them by presigned URLs; those of pools that are gone are deleted. */
export async function storeFiles(
  deps: ActivityDeps,
  _: ActivityContext,
  { cluster, ...input }: StoreFilesInput,
): Promise<Record<string, string>> {
  await requireClaim(deps, { cluster, ...input });
  const prefix = bucketPrefix(cluster);
  const sums: Record<string, string> = {};
  for (const [group, files] of Object.entries(input.groups)) {
    const text = bundleText(files);
    await deps.bucket.put(prefix + filesKey(group), text);
    sums[group] = createHash('sha256').update(text).digest('hex');
  }
  const kept = new Set(input.keep.map((group) => prefix + filesKey(group)));
  for (const key of await deps.bucket.list(prefix + filesKey(''))) if (!kept.has(key)) await deps.bucket.remove(key);
  return sums;
}
