import { type Format, show } from '../output.js';
import type { Session } from '../session.js';
import { planText, resolvedText } from '../views/plan.js';
import { requireAccount } from './account.js';
import { refuseOtherRegion } from './apply.js';
import { loadDocument, sayWarnings } from './documents.js';
import { requireRelease } from './release.js';

/** `keelson plan -f F`: what `apply` would do; changes nothing. */
export async function plan(session: Session, options: { file: string; output: Format }): Promise<void> {
  const { io } = session;
  const loaded = await loadDocument(io, options.file);
  const { document } = loaded;
  const clusters = await session.clusters();
  await refuseOtherRegion(clusters, document);
  const planned = await clusters.plan(document);
  await requireRelease(session, loaded, planned);
  await requireAccount(session, loaded, planned);
  if (options.output === 'text') sayWarnings(io, loaded.warnings);
  show(io, options.output, { plan: planned, document, warnings: loaded.warnings }, (colors, { plan }) =>
    // The document is the person's own; its strings keep their lines.
    [planText(document.metadata.name, plan, colors), '', resolvedText(document)].join('\n'),
  );
}
