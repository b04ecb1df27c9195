import { readDocument } from '../../document/read.js';
import { yamlOf } from '../../document/write.js';
import { backupKeyOf } from '../../model/backup/keys.js';
import { type BackupManifest, parseManifest } from '../../model/backup/manifest.js';
import { BUCKET_KEY, bucketKeyOf, TOLD_BY } from '../../model/bucket.js';
import { slotsOf } from '../../model/ids.js';
import { restoredDocument, unfitForBackup } from '../../model/restore/document.js';
import { accountOf } from '../account.js';
import { readOwner } from '../clusters/owner.js';
import { CliError, EXIT } from '../exit.js';
import { type Format, show, tell } from '../output.js';
import { requested } from '../requested.js';
import type { Session } from '../session.js';
import type { ListedBackup } from '../views/backups.js';
import { planText } from '../views/plan.js';
import { type RestoredInto, restoredIntoText } from '../views/restored.js';
import { statusText } from '../views/status.js';
import { judge } from '../wait/goal.js';
import { openSource, waitFor } from '../wait/wait.js';
import { requireAccount } from './account.js';
import { listBackups, pickBackup } from './backup.js';
import { type LoadedDocument, loadDocument, sayWarnings } from './documents.js';
import { requireRelease } from './release.js';

/** Flags of `keelson restore`. */
export interface RestoreOptions {
  wait: boolean;
  /** The second word, said beforehand. */
  yes: boolean;
  dryRun: boolean;
  /** A time, or the name of a backup. */
  from?: string;
  /** Name of a new cluster that gets the backup. */
  into?: string;
  /** Document of the new cluster; without it the one that is stored with the backup. */
  file?: string;
  /** Region of the new cluster, where the stored document is used. */
  region?: string;
  /** Take the K3s version of the backup. */
  withVersion: boolean;
  output: Format;
}

/**
 * `keelson restore NAME --into NEW`: makes a new cluster that holds what the backup holds. NAME may run, or be gone. The document is FILE, or
 * the one stored with the backup, with another name, and another region where one is given. Destroys nothing, so it does not ask.
 */
export async function restoreInto(
  session: Session,
  name: string,
  options: RestoreOptions,
  into: string,
): Promise<void> {
  const { io } = session;
  const picked = pickBackup(name, await listBackups(session, name), options.from);
  const manifest = await manifestOf(session, name, picked);
  const loaded = await documentOf(session, manifest, options, into);
  const { document, text } = loaded;
  const clusters = await session.clusters();
  const bucket = await session.bucket();
  if ((await clusters.find(into)) !== null || (await readOwner(bucket, into)) !== null)
    throw new CliError(
      EXIT.refused,
      `there is a cluster ${into}: a backup is restored into a new one only`,
      `choose another name, or restore in place: keelson restore ${into}`,
    );
  const planned = await clusters.plan(document);
  await requireRelease(session, loaded, planned);
  const warnings = await requireAccount(session, loaded, planned);
  sayWarnings(io, [...loaded.warnings, ...warnings]);
  const { id, at, k3s, size, objectCounts } = manifest;
  const what: RestoredInto = {
    cluster: into,
    of: name,
    account: await accountOf(session.aws),
    region: document.spec.region,
    k3s: document.spec.k3s.version,
    nodes: slotsOf(document).length,
    backup: { id, at, k3s, size, objectCounts },
    isOpen: (await clusters.find(name)) !== null,
  };
  if (options.dryRun) return show(io, options.output, what, (_, seen) => restoredIntoText(seen));
  tell(io, what, (_, seen) => restoredIntoText(seen));
  await bucket.put(bucketKeyOf(into, BUCKET_KEY.config), text, { ifNoneMatch: '*' }, { [TOLD_BY]: 'keelson restore' });
  const restoreFrom = { cluster: name, uid: manifest.uid, id, generations: manifest.generations };
  const accepted = await clusters.apply(document, io.user, { restoreFrom });
  if (!options.wait) {
    show(io, options.output, requested(into, 'restore', accepted), (colors, seen) => planText(into, seen.plan, colors));
    return;
  }
  const status = await waitFor(io, await openSource(session), into, {
    title: `restore ${name} into ${into}`,
    since: accepted.heard,
    slots: slotsOf(document).map((slot) => slot.name),
    judge: (seen) => judge(seen, accepted.heard.specGeneration, accepted.operationId),
  });
  const answer = requested(into, 'restore', accepted, { waited: true, status });
  show(io, options.output, answer, (colors, _, screen) => statusText(status, colors, Date.now(), screen));
}

/** @throws CliError `failed` for one that is gone or cannot be read since it was listed */
async function manifestOf(session: Session, name: string, { uid, id }: ListedBackup): Promise<BackupManifest> {
  const stored = await (await session.bucket()).get(backupKeyOf(name, uid, id, 'json'));
  const manifest = stored === null ? null : parseManifest(stored.text);
  if (manifest !== null) return manifest;
  throw new CliError(EXIT.failed, `the manifest of backup ${id} cannot be read`, `keelson backups ${name}`);
}

/** @throws CliError `invalid` for a document that no cluster from this backup can have, with every reason */
async function documentOf(
  session: Session,
  manifest: BackupManifest,
  { file, region, withVersion }: RestoreOptions,
  into: string,
): Promise<LoadedDocument> {
  const loaded = file === undefined ? storedDocument(manifest, into, region) : await loadDocument(session.io, file);
  if (file !== undefined && region !== undefined && region !== loaded.document.spec.region)
    throw new CliError(
      EXIT.invalid,
      `${file} is for ${loaded.document.spec.region}, --region says ${region}`,
      'leave --region out',
    );
  const given = withVersion ? ofVersion(loaded, manifest.k3s) : loaded;
  const unfit = unfitForBackup(manifest, given.document, into);
  if (unfit.length === 0) return given;
  throw new CliError(
    EXIT.invalid,
    unfit.map((problem) => `${given.file}: ${problem}`).join('\n'),
    `keelson restore ${manifest.cluster} --into ${into} -f FILE`,
  );
}

function storedDocument(manifest: BackupManifest, into: string, region: string | undefined): LoadedDocument {
  const { document, unmovable } = restoredDocument(manifest.document, into, region);
  if (unmovable.length > 0)
    throw new CliError(
      EXIT.invalid,
      `the document of the backup names what lies in ${manifest.document.spec.region} alone: ${unmovable.join(', ')}`,
      `write a document for ${region} and give it by -f FILE; keelson backups ${manifest.cluster} -o json has the rest`,
    );
  return reread(yamlOf(document), `document of backup ${manifest.id}`);
}

/** The text says the version too: it is what is stored. */
function ofVersion(loaded: LoadedDocument, version: string): LoadedDocument {
  const { document, file } = loaded;
  const k3s = { ...document.spec.k3s, version, sha256: {} };
  return reread(yamlOf({ ...document, spec: { ...document.spec, k3s } }), file);
}

function reread(text: string, file: string): LoadedDocument {
  const read = readDocument(text, file);
  if (read.ok) return { text, file, document: read.document, warnings: [] };
  throw new CliError(
    EXIT.invalid,
    read.problems.map(({ path, message }) => `${file}: ${path.join('.')}: ${message}`).join('\n'),
    'write a document for the new cluster and give it by -f FILE',
  );
}
