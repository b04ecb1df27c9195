import { pointTo } from '../../document/point.js';
import { askRelease, type ReleaseAnswer } from '../../mirror/release.js';
import { siteMirror } from '../../mirror/site.js';
import type { Plan } from '../../model/plan/index.js';
import type { Architecture } from '../../model/state.js';
import { say } from '../io.js';
import { invalidDocument } from '../problems.js';
import type { Session } from '../session.js';
import type { LoadedDocument } from './documents.js';

/** Steps that need the release: they look it up, or put it on a node. */
const NEEDS_RELEASE: ReadonlySet<string> = new Set(['preflight', 'install', 'bootstrap', 'join']);
/** Only the account knows which of the two the nodes need. */
const ARCHITECTURES: readonly Architecture[] = ['amd64', 'arm64'];

/**
 * Asks the K3s mirror for the version before anything is stored or made. A mirror out of reach of this machine gives a note: the nodes may
 * reach it.
 *
 * @throws CliError `invalid` that names file, line and path when the mirror has the version for no architecture
 */
export async function requireRelease(session: Session, loaded: LoadedDocument, plan: Plan): Promise<void> {
  if (!plan.steps.some((step) => NEEDS_RELEASE.has(step.kind))) return;
  const { version, mirror: documented } = loaded.document.spec.k3s;
  const mirror = siteMirror(documented, session.k3sMirror());
  const { signal } = session.io;
  const answers = await Promise.all(
    ARCHITECTURES.map((architecture) => askRelease({ mirror, version }, architecture, signal, session.mirrors())),
  );
  const unanswered = answers.find((one) => one.kind === 'unanswered' || one.kind === 'refused');
  if (unanswered !== undefined) say(session.io, notAsked(unanswered, version));
  const missing = answers.filter((one) => one.kind === 'missing');
  const [first] = missing;
  if (first === undefined || missing.length < answers.length) return;
  const problem = pointTo(loaded.text, loaded.file, {
    path: ['spec', 'k3s', 'version'],
    message: `the mirror ${mirror} has no ${version} (GET ${first.url}: ${first.reason})`,
    hint: 'name a release that it has, or another spec.k3s.mirror; see https://github.com/k3s-io/k3s/releases',
  });
  throw invalidDocument([problem]);
}

const notAsked = ({ url, reason }: Extract<ReleaseAnswer, { reason: string }>, version: string): string =>
  `note: ${reason}: this machine cannot ask the mirror whether it has K3s ${version} (GET ${url}); the worker and the nodes ask again`;
