import { explain as explanationOf } from '../../model/explain/index.js';
import { printableAll } from '../../model/printable.js';
import type { StatusView } from '../../model/status.js';
import { fetchStatus, unattended } from '../attendance/fetch-status.js';
import { answeredSoon, sayNoAnswer, sayUnwatched } from '../attendance/worker.js';
import type { Clusters } from '../clusters/clusters.js';
import { say } from '../io.js';
import { type Format, show, showLine } from '../output.js';
import type { Session } from '../session.js';
import { explanationText } from '../views/explain.js';
import { historyText, operationsOf } from '../views/history.js';
import { type ListedCluster, listText } from '../views/list.js';
import { statusText } from '../views/status.js';
import { follow } from '../wait/follow.js';
import { noteUnreadable, openSource } from '../wait/wait.js';

interface Output {
  output: Format;
}

export interface ListOptions extends Output {
  phase?: string;
  region?: string;
  health?: string;
}

/** `keelson list`: by search attributes alone, so that it costs the same for one cluster and for thousands. */
export async function list(session: Session, { output, phase, region, health }: ListOptions): Promise<void> {
  const clusters = await session.clusters();
  const listed = await clusters.list({
    ...(phase === undefined ? {} : { K3sPhase: phase }),
    ...(region === undefined ? {} : { K3sRegion: region }),
    ...(health === undefined ? {} : { K3sHealth: health }),
  });
  await sayIfUnattended(session, clusters, listed);
  show(session.io, output, listed, (_, seen) => listText(seen));
}

/** Says first what the list cannot tell: that nothing looks after what it shows. One cluster and each region are asked. */
async function sayIfUnattended(session: Session, clusters: Clusters, listed: readonly ListedCluster[]): Promise<void> {
  const [first] = listed;
  if (first === undefined) return;
  const { io } = session;
  if (!(await answeredSoon(clusters.status(first.name))))
    sayNoAnswer(io, clusters.taskQueue, await clusters.lastPoll());
  const regions = [
    ...new Set(listed.flatMap((one) => (one.phase === 'Running' && one.region !== null ? one.region : []))),
  ];
  const watched = await Promise.all(regions.map((region) => clusters.isRegionWatched(region)));
  for (const [index, region] of regions.entries()) if (watched[index] !== true) sayUnwatched(io, region);
}

/** Programs see in the data itself that nothing in it is measured. */
const marked = <T extends object>(data: T, staleSince: string | null): T =>
  staleSince === null ? data : { ...data, staleSince };

/** `keelson status NAME [--watch]` */
export async function status(session: Session, name: string, options: Output & { watch: boolean }): Promise<void> {
  const { io } = session;
  const { status: first, staleSince } = await fetchStatus(session, name);
  if (staleSince !== null || !options.watch) {
    show(io, options.output, marked(first, staleSince), (colors, seen) => statusText(seen, colors));
    if (staleSince !== null) throw unattended();
    return;
  }
  let shown = '';
  const draw = (seen: StatusView): void => {
    const text = JSON.stringify(seen);
    if (text === shown && io.stdout.isTTY !== true) return;
    shown = text;
    // On a terminal the screen is drawn anew: home, then clear to the end.
    if (io.stdout.isTTY === true && options.output === 'text') io.stdout.write('\u001b[H\u001b[J');
    if (options.output === 'json') showLine(io, seen);
    else show(io, options.output, seen, (colors, clean) => statusText(clean, colors));
  };
  draw(first);
  const since = { traceId: first.traceId, specGeneration: first.specGeneration };
  const tell = noteUnreadable((line) => say(io, line), name);
  for await (const seen of follow(await openSource(session), name, since, io.signal, tell)) draw(seen);
}

/** `keelson explain NAME` */
export async function explain(session: Session, name: string, { output }: Output): Promise<void> {
  const { status: seen, staleSince, retries } = await fetchStatus(session, name);
  const explanation = marked(explanationOf(seen, { retries, staleSince }), staleSince);
  show(session.io, output, explanation, (colors, clean) => explanationText(clean, colors));
  if (staleSince !== null) throw unattended();
}

/** `keelson history NAME` */
export async function history(session: Session, name: string, { output }: Output): Promise<void> {
  const { status: seen, staleSince } = await fetchStatus(session, name);
  show(session.io, output, operationsOf(seen), (colors) => historyText(printableAll(seen), colors));
  if (staleSince !== null) throw unattended();
}
