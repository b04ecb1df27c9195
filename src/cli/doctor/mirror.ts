import { askRelease } from '../../mirror/release.js';
import { siteMirror } from '../../mirror/site.js';
import { type ClusterDocument, DEFAULT_MIRROR } from '../../model/spec/schema.js';
import { CliError, EXIT } from '../exit.js';
import type { Session } from '../session.js';
import { TESTED_VERSION } from '../tested-version.js';
import { NotMeasured } from './checklist.js';

/**
 * Checks that the K3s mirror has the release of the document; without one, a release that Keelson is tested with.
 *
 * @throws NotMeasured when this machine does not reach the mirror: the nodes may; CliError `invalid` when the mirror does not have the
 * release
 */
export async function mirrorRelease(session: Session, document: ClusterDocument | null): Promise<string> {
  const version = document?.spec.k3s.version ?? TESTED_VERSION;
  const mirror = siteMirror(document?.spec.k3s.mirror ?? DEFAULT_MIRROR, session.k3sMirror());
  const { signal } = session.io;
  const answers = await Promise.all(
    (['amd64', 'arm64'] as const).map((one) => askRelease({ mirror, version }, one, signal, session.mirrors())),
  );
  if (answers.some(({ kind }) => kind === 'found')) return `${version} at ${mirror}`;
  const unanswered = answers.find((one) => one.kind === 'unanswered' || one.kind === 'refused');
  if (unanswered !== undefined)
    throw new NotMeasured(
      `this machine cannot ask ${mirror} for K3s ${version}: ${unanswered.reason}`,
      'the worker and the nodes ask it again when a cluster is made',
    );
  throw new CliError(EXIT.invalid, `the mirror ${mirror} has no ${version}`, 'name a release that it has');
}
