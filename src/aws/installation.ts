import { randomBytes } from 'node:crypto';
import { ApplicationFailure } from '@temporalio/common';
import { INSTALLATION_ID, INSTALLATION_KEY, type Installation } from '../model/trust/installation.js';
import type { Bucket } from './bucket.js';
import { detailOf, failure } from './failure.js';

const KEY_BYTES = 32;

/** Reads the installation: asks the bucket once, and again only after a failure. */
export type InstallationSource = () => Promise<Installation>;

/**
 * Returns the installation of a bucket. The first worker writes its id and makes its key, each by a conditional write: of several workers
 * at once one writes, and the others read the result. Keelson invents no id: the stack's policies and its other workers know theirs.
 *
 * @param named id that the environment gives (KEELSON_INSTALLATION), or null for what the bucket says
 */
export function installationOf(bucket: Bucket, named: string | null): InstallationSource {
  let known: Promise<Installation> | undefined;
  return () => {
    known ??= open(bucket, named).catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

/** Returns whether neither environment nor bucket name the installation: only a person can. */
export const isInstallationUnknown = (error: unknown): error is ApplicationFailure =>
  error instanceof ApplicationFailure && detailOf(error).code === 'InstallationUnknown';

/** @returns the id of a bucket that workers have used; null for an unused one */
export async function readInstallationId(bucket: Bucket): Promise<string | null> {
  const stored = await bucket.get(INSTALLATION_KEY.id);
  return stored === null ? null : idIn(stored.text, bucket.name);
}

async function open(bucket: Bucket, named: string | null): Promise<Installation> {
  const id =
    named === null
      ? await readInstallationId(bucket)
      : idIn(await writtenOnce(bucket, INSTALLATION_KEY.id, `${JSON.stringify({ id: named })}\n`), bucket.name);
  if (id === null)
    throw failure({
      code: 'InstallationUnknown',
      class: 'invalid',
      message: `KEELSON_INSTALLATION is not set, and no worker has used the bucket ${bucket.name} before`,
      hint: 'set KEELSON_INSTALLATION to the output Installation of the CloudFormation stack; without a stack, to a name of your own for this bucket',
    });
  if (named !== null && named !== id)
    throw failure({
      code: 'InstallationMismatch',
      class: 'invalid',
      message: `the bucket ${bucket.name} belongs to the installation ${id}, and KEELSON_INSTALLATION is ${named}`,
      hint: 'set KEELSON_BUCKET to the bucket of this installation, or KEELSON_INSTALLATION to the id of the bucket',
    });
  const key = Buffer.from(
    await writtenOnce(bucket, INSTALLATION_KEY.seal, randomBytes(KEY_BYTES).toString('hex')),
    'hex',
  );
  if (key.length < KEY_BYTES) throw unreadable(bucket.name, INSTALLATION_KEY.seal);
  return { id, key };
}

/** Returns what the object holds; `text` where there was none. */
async function writtenOnce(bucket: Bucket, key: string, text: string): Promise<string> {
  const stored = await bucket.get(key);
  if (stored !== null) return stored.text;
  try {
    await bucket.put(key, text, { ifNoneMatch: '*' });
    return text;
  } catch (error) {
    if (!(error instanceof ApplicationFailure) || detailOf(error).code !== 'PreconditionFailed') throw error;
    return (await bucket.get(key))?.text ?? '';
  }
}

function idIn(text: string, bucket: string): string {
  const { id } = parsed(text);
  if (typeof id !== 'string' || !INSTALLATION_ID.test(id)) throw unreadable(bucket, INSTALLATION_KEY.id);
  return id;
}

function parsed(text: string): { id?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

const unreadable = (bucket: string, key: string): ApplicationFailure =>
  failure({
    code: 'InstallationUnreadable',
    class: 'invalid',
    message: `${bucket}/${key} does not hold what a worker has written there`,
    hint: 'restore an earlier version of the object; without it Keelson does not recognize what it has made',
  });
