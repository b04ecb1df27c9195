import { parseDocument } from 'yaml';
import type { Bucket } from '../../aws/bucket.js';
import { complexKeyAt } from '../../document/keys.js';
import { excessIn } from '../../document/weigh.js';
import { BUCKET_KEY, bucketKeyOf } from '../../model/bucket.js';
import type { StatusView } from '../../model/status.js';

/** A cluster with 500 nodes has about 60,000. */
const MOST_TOKENS = 200_000;

/** Reads a cluster's status.yaml; a text that has not changed is not parsed again. */
export function createStatusReader(bucket: () => Promise<Bucket>): (name: string) => Promise<StatusView | null> {
  let last: { text: string; status: StatusView | null } | null = null;
  return async (name) => {
    const stored = await (await bucket()).get(bucketKeyOf(name, BUCKET_KEY.status));
    if (stored === null) return null;
    if (stored.text !== last?.text) last = { text: stored.text, status: statusIn(stored.text) };
    return last.status;
  };
}

/** @returns null for what is not a status: a file that a person has overwritten is written again after the next step */
function statusIn(text: string): StatusView | null {
  try {
    // A writer to the bucket could stop each `--wait` by it.
    if (excessIn(text, MOST_TOKENS) !== null) return null;
    const document = parseDocument(text, { uniqueKeys: false, logLevel: 'error' });
    if (document.errors.length > 0 || complexKeyAt(document) !== null) return null;
    const read: unknown = document.toJS();
    return isStatus(read) ? read : null;
  } catch {
    return null;
  }
}

const isStatus = (read: unknown): read is StatusView =>
  typeof read === 'object' &&
  read !== null &&
  'traceId' in read &&
  'phase' in read &&
  'specGeneration' in read &&
  'nodes' in read &&
  Array.isArray(read.nodes) &&
  'operations' in read &&
  Array.isArray(read.operations);
