import { readDocument } from '../../document/read.js';
import { yamlOf } from '../../document/write.js';
import { BUCKET_KEY, bucketKeyOf } from '../../model/bucket.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import { isUnanswered } from '../errors.js';
import { CliError, EXIT } from '../exit.js';
import { say } from '../io.js';
import { type Format, isText, show } from '../output.js';
import type { Session } from '../session.js';

/** `keelson get NAME`: prints the document in force, with its defaults, as `apply` takes it. */
export async function get(session: Session, name: string, output: Format): Promise<void> {
  const clusters = await session.clusters();
  await clusters.requireOpen(name);
  let document: ClusterDocument;
  try {
    document = await clusters.document(name);
  } catch (error) {
    if (!isUnanswered(error)) throw error;
    document = await stored(session, name, error);
    say(session.io, 'no worker answers: this is config.yaml of the bucket, which may not be in force');
  }
  // Wide: a line of YAML that is broken may be another one.
  show(session.io, isText(output) ? 'wide' : output, document, (_, seen) => yamlOf(seen));
}

async function stored(session: Session, name: string, cause: unknown): Promise<ClusterDocument> {
  const text = (await (await session.bucket()).get(bucketKeyOf(name, BUCKET_KEY.config)))?.text;
  const read = text === undefined ? null : readDocument(text, 'config.yaml');
  if (read?.ok) return read.document;
  throw new CliError(
    EXIT.unreachable,
    `no worker answers, and the bucket has no valid config.yaml of ${name}`,
    'start a worker',
    { cause },
  );
}
