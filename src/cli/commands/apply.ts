import { readDocument } from '../../document/read.js';
import { BUCKET_KEY, bucketKeyOf, TOLD_BY } from '../../model/bucket.js';
import type { Change } from '../../model/diff.js';
import { slotsOf } from '../../model/ids.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import type { StatusView } from '../../model/status.js';
import { changesOf } from '../clusters/changes.js';
import type { Clusters } from '../clusters/clusters.js';
import { refuseOtherOwner } from '../clusters/owner.js';
import { CliError, EXIT } from '../exit.js';
import type { Colors } from '../io.js';
import { type Format, isText, show, tell } from '../output.js';
import type { Requested } from '../outputs.js';
import { problemView } from '../problems.js';
import { requested } from '../requested.js';
import { type Screen, screenOf } from '../screen.js';
import type { Session } from '../session.js';
import { changesText } from '../views/changes.js';
import { planText } from '../views/plan.js';
import { statusText } from '../views/status.js';
import { judge } from '../wait/goal.js';
import { openSource, waitFor } from '../wait/wait.js';
import { requireAccount } from './account.js';
import { loadDocument, sayWarnings } from './documents.js';
import { requireRelease } from './release.js';

export interface ApplyOptions {
  file: string;
  wait: boolean;
  output: Format;
  planId?: string;
  /** Uid of what the new workflow takes over although another workflow owns it. */
  adopt?: string;
}

/**
 * `keelson apply -f F`: validates, stores config.yaml, starts the workflow or tells it. What would be refused is refused before
 * anything is stored, so that the bucket never holds a document that is not in force.
 */
export async function apply(session: Session, options: ApplyOptions): Promise<void> {
  const { io } = session;
  const loaded = await loadDocument(io, options.file);
  const { text, document } = loaded;
  const { name } = document.metadata;
  const clusters = await session.clusters();
  const there = await refuseOtherRegion(clusters, document);
  if (there?.desiredState === 'deleted') {
    throw new CliError(EXIT.refused, `${name} is being deleted: apply comes too late`, `keelson delete ${name} --wait`);
  }
  const planned = await clusters.plan(document);
  if (options.planId !== undefined && options.planId !== planned.id) {
    throw new CliError(
      EXIT.refused,
      `the plan has changed since it was shown (${options.planId} then, ${planned.id} now)`,
      `keelson plan -f ${options.file}`,
    );
  }
  await requireRelease(session, loaded, planned);
  const told = [...loaded.warnings, ...(await requireAccount(session, loaded, planned))];
  sayWarnings(io, told);
  const bucket = await session.bucket();
  const key = bucketKeyOf(name, BUCKET_KEY.config);
  if (there === null) await refuseOtherOwner(bucket, name, await clusters.namespaceId(), options.adopt);
  if (there === null) refuseStoredRegion((await bucket.get(key))?.text, document, bucket.name);
  await bucket.put(key, text, null, { [TOLD_BY]: 'keelson apply' });
  // Before it is sent: afterwards the document in force is this one.
  const changes = there === null ? null : await changesOf(clusters, document);
  const accepted = await clusters.apply(document, io.user, options);
  const warnings = told.map(problemView);
  const answer = (status: StatusView | null): Requested =>
    requested(name, 'apply', accepted, { changes, warnings, waited: options.wait, status });
  if (!options.wait) {
    show(io, options.output, answer(null), (colors, seen, screen) =>
      [...textOf(seen.changes, colors, screen), planText(name, seen.plan, colors, screen)].join('\n'),
    );
    return;
  }
  if (isText(options.output))
    tell(io, { plan: accepted.plan, changes }, (colors, seen) => {
      const screen = screenOf(io.stderr, options.output === 'wide');
      return [...textOf(seen.changes, colors, screen), planText(name, seen.plan, colors, screen)].join('\n');
    });
  const status = await waitFor(io, await openSource(session), name, {
    title: `apply ${name}`,
    since: accepted.heard,
    slots: slotsOf(document).map((slot) => slot.name),
    judge: (seen) => judge(seen, accepted.heard.specGeneration, accepted.operationId),
  });
  show(io, options.output, answer(status), (colors, seen, screen) =>
    statusText(seen.status ?? status, colors, Date.now(), screen),
  );
}

const textOf = (changes: Change[] | null, colors: Colors, screen: Screen): string[] =>
  changes === null || changes.length === 0 ? [] : [changesText(changes, colors, screen)];

/**
 * A name is one cluster, in one region.
 *
 * @returns the cluster of this name, or null when there is none
 * @throws CliError `invalid` that names the region where the name is taken
 */
export async function refuseOtherRegion(clusters: Clusters, document: ClusterDocument): Promise<StatusView | null> {
  const there = await clusters.find(document.metadata.name);
  if (there !== null && there.region !== document.spec.region) throw nameTaken(document, there.region, 'runs');
  return there;
}

/** A document without a workflow: left over, or its workflow was terminated and its instances may still be there. */
function refuseStoredRegion(text: string | undefined, document: ClusterDocument, bucket: string): void {
  if (text === undefined) return;
  const stored = readDocument(text, 'config.yaml');
  if (stored.ok && stored.document.spec.region !== document.spec.region) {
    throw nameTaken(document, stored.document.spec.region, `is stored in the bucket ${bucket}`);
  }
}

const nameTaken = (document: ClusterDocument, region: string, how: string): CliError =>
  new CliError(
    EXIT.invalid,
    `the name ${document.metadata.name} is taken: a cluster of that name ${how} in ${region}, this document is for ${document.spec.region}`,
    'choose another metadata.name, or delete that cluster first',
  );
