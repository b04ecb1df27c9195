import { stringify } from 'yaml';
import { bucketPrefix } from '../model/bucket.js';
import type { ForgetInput, StatusInput } from './api.js';
import type { Attempt } from './attempt.js';
import { requireClaim } from './claim.js';
import type { ActivityDeps } from './deps.js';

const HEAD =
  '# Written by Keelson after every step, for people and programs to read. Changes made here are overwritten.\n';

/** Writes status.yaml. One writer by design: the cluster's workflow; the latest status wins. */
export async function writeStatus(deps: ActivityDeps, _: Attempt, input: StatusInput): Promise<void> {
  const text = HEAD + stringify(input.status, { lineWidth: 0 });
  await deps.bucket.put(`${bucketPrefix(input.cluster)}status.yaml`, text);
}

/** Deletes keys one after the other, so that an interrupted delete keeps the last ones. @returns those still listed */
export async function forget(deps: ActivityDeps, _: Attempt, input: ForgetInput): Promise<{ left: string[] }> {
  await requireClaim(deps, input);
  const prefix = bucketPrefix(input.cluster);
  for (const key of input.keys) await deps.bucket.remove(prefix + key);
  const listed = await deps.bucket.list(prefix);
  return { left: input.keys.filter((key) => listed.includes(prefix + key)) };
}
