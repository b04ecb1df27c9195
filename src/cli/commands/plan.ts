import { accountIdOf } from '../../model/account-role.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import { changesOf } from '../clusters/changes.js';
import { type Format, isText, show } from '../output.js';
import type { Planned } from '../outputs.js';
import { problemView } from '../problems.js';
import type { Session } from '../session.js';
import { changesText } from '../views/changes.js';
import { planText, resolvedText } from '../views/plan.js';
import { requireAccount, requireWorker } from './account.js';
import { refuseOtherRegion } from './apply.js';
import { loadDocument, sayWarnings } from './documents.js';
import { requireRelease } from './release.js';

/** `keelson plan -f F`: what `apply` would do; changes nothing. */
export async function plan(session: Session, options: { file: string; output: Format }): Promise<void> {
  const { io } = session;
  const loaded = await loadDocument(io, options.file);
  const { document } = loaded;
  const clusters = await session.clusters();
  const there = await refuseOtherRegion(clusters, document);
  const planned = await clusters.plan(document);
  await requireRelease(session, loaded, planned);
  const warnings = [...loaded.warnings, ...(await requireAccount(session, loaded, planned))];
  await requireWorker(session, loaded, planned);
  if (isText(options.output)) sayWarnings(io, warnings);
  const changes = there === null ? null : await changesOf(clusters, document);
  const answer: Planned = { plan: planned, changes, document, warnings: warnings.map(problemView) };
  show(io, options.output, answer, (colors, seen, screen) =>
    [
      // A document that is known is not shown again; its strings are the person's own and keep their lines. The plan comes last: a terminal shows the end.
      ...(seen.changes === null || screen.wide ? [resolvedText(document), ''] : []),
      ...(seen.changes === null ? [] : [changesText(seen.changes, colors, screen), '']),
      ...accountLines(document),
      planText(document.metadata.name, seen.plan, colors, screen),
    ].join('\n'),
  );
}

/** Another account than the worker's own is named first: what the plan makes is made there. */
const accountLines = ({ spec }: ClusterDocument): string[] =>
  spec.account === undefined ? [] : [`account ${accountIdOf(spec.account)}, as ${spec.account.roleArn}`, ''];
