import type { RequestName } from '../../model/requests/decide.js';
import type { StatusView } from '../../model/status.js';
import { type Format, show } from '../output.js';
import { requested } from '../requested.js';
import type { Session } from '../session.js';
import { planText } from '../views/plan.js';
import { proofText } from '../views/proof.js';
import { statusText } from '../views/status.js';
import { judge, judgePause, type WaitResult } from '../wait/goal.js';
import { openSource, waitFor, waitForDeletion } from '../wait/wait.js';

export interface RequestOptions {
  wait: boolean;
  output: Format;
  /** Whether what was asked for has come true; by default what the operation has come to. */
  judge?: (status: StatusView, operationId: string | null) => WaitResult;
  /** What people read at the end of a wait; by default the status. */
  text?: (status: StatusView) => string;
}

/** `keelson stop|start|resize|pause|resume|retry|repair|withdraw NAME`, and `delete` once it is confirmed: tells the workflow, and waits for it when asked to. */
export async function request(
  session: Session,
  verb: Exclude<RequestName, 'apply'>,
  name: string,
  options: RequestOptions,
  payload: Record<string, unknown> = {},
): Promise<void> {
  const { io } = session;
  const clusters = await session.clusters();
  const accepted = await clusters.request(name, verb, { ...payload, requestedBy: io.user });
  if (!options.wait) {
    show(io, options.output, requested(name, verb, accepted), (colors, { message, plan }, screen) => {
      const steps = plan.steps.length === 0 ? [] : [planText(name, plan, colors, screen)];
      return [`${name}: ${message}`, ...steps].join('\n');
    });
    return;
  }
  const source = await openSource(session);
  const since = accepted.heard;
  if (verb === 'delete') {
    const proof = await waitForDeletion(io, source, name, { since, proof: clusters.proof(name) });
    const answer = requested(name, verb, accepted, { waited: true, proof });
    show(io, options.output, answer, (_, seen) => proofText(seen.proof ?? proof));
    return;
  }
  const status = await waitFor(io, source, name, {
    title: `${verb} ${name}`,
    since,
    judge: (seen) =>
      options.judge?.(seen, accepted.operationId) ??
      (verb === 'pause' ? judgePause(seen) : judge(seen, since.specGeneration, accepted.operationId)),
  });
  const answer = requested(name, verb, accepted, { waited: true, status });
  show(io, options.output, answer, (colors, seen, screen) =>
    options.text === undefined
      ? statusText(seen.status ?? status, colors, Date.now(), screen)
      : options.text(seen.status ?? status),
  );
}
