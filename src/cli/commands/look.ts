import { explain as explanationOf } from '../../model/explain/index.js';
import { PHASES } from '../../model/phase.js';
import { printableAll } from '../../model/printable.js';
import { HEALTHS, type StatusView } from '../../model/status.js';
import { fetchStatus, unattended } from '../attendance/fetch-status.js';
import { answeredSoon, sayNoAnswer, sayUnwatched } from '../attendance/worker.js';
import type { Clusters } from '../clusters/clusters.js';
import { sayContext } from '../context.js';
import { CliError, EXIT } from '../exit.js';
import { say } from '../io.js';
import { type Format, isText, show, showLine } from '../output.js';
import { whenReaderLeaves } from '../pipe.js';
import { ALTERNATE, clipped } from '../screen.js';
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

/** `keelson list`: uses search attributes alone, so that it costs the same for one cluster and for thousands. */
export async function list(session: Session, { output, phase, region, health }: ListOptions): Promise<void> {
  const filters = {
    ...(phase === undefined ? {} : { K3sPhase: oneOf('phase', PHASES, phase) }),
    ...(region === undefined ? {} : { K3sRegion: regionNamed(region) }),
    ...(health === undefined ? {} : { K3sHealth: oneOf('health', HEALTHS, health) }),
  };
  const clusters = await session.clusters();
  const listed = await clusters.list(filters);
  await sayIfUnattended(session, clusters, listed);
  if (isText(output)) sayContext(session);
  show(session.io, output, listed, (colors, seen, screen) => listText(seen, Date.now(), colors, screen));
}

/** Ignores case. @throws CliError `invalid` that names the possible values */
function oneOf(what: string, known: readonly string[], value: string): string {
  const found = known.find((one) => one.toLowerCase() === value.toLowerCase());
  if (found !== undefined) return found;
  throw new CliError(EXIT.invalid, `there is no ${what} ${value}`, `one of ${known.join(', ')}`);
}

function regionNamed(value: string): string {
  if (/^[a-z]{2}(-[a-z]+)+-\d+$/.test(value)) return value;
  throw new CliError(EXIT.invalid, `${value} is not a valid name of an AWS region`, 'such as eu-west-1');
}

/** Says first what the list cannot show: that no worker or watch manages its clusters. It asks one cluster and each region. */
async function sayIfUnattended(session: Session, clusters: Clusters, listed: readonly ListedCluster[]): Promise<void> {
  const [first] = listed;
  if (first === undefined) return;
  const { io } = session;
  if (!(await answeredSoon(clusters.status(first.name))))
    sayNoAnswer(io, clusters.taskQueue, await clusters.lastPoll());
  const places = new Map<string, [region: string, account: string | null]>();
  for (const { phase, region, account } of listed)
    if (phase === 'Running' && region !== null) places.set(`${region} ${account}`, [region, account]);
  await Promise.all(
    [...places.values()].map(async (place) => {
      if (!(await clusters.isRegionWatched(...place))) sayUnwatched(io, ...place);
    }),
  );
}

/** For programs the data itself says that nothing in it is measured. */
const marked = <T extends object>(data: T, staleSince: string | null): T =>
  staleSince === null ? data : { ...data, staleSince };

/** `keelson status NAME [--watch]` */
export async function status(session: Session, name: string, options: Output & { watch: boolean }): Promise<void> {
  const { io } = session;
  const { status: first, staleSince, retries } = await fetchStatus(session, name);
  if (staleSince !== null || !options.watch) {
    if (isText(options.output)) sayContext(session, first);
    show(io, options.output, marked(first, staleSince), (colors, seen, screen) =>
      statusText(seen, colors, Date.now(), screen, printableAll(retries)),
    );
    if (staleSince !== null) throw unattended();
    return;
  }
  await watch(session, first, options.output);
}

/** Shows it again on each change; on a terminal as much as fits, on an alternate screen. */
async function watch(session: Session, first: StatusView, output: Format): Promise<void> {
  const { io } = session;
  const isScreen = io.stdout.isTTY === true && isText(output);
  const leave = whenReaderLeaves(io.stdout, () => process.exit(0));
  let [shown, last] = ['', first];
  const draw = (seen: StatusView): void => {
    const text = JSON.stringify(seen);
    if (text === shown && !isScreen) return;
    [shown, last] = [text, seen];
    if (isScreen) io.stdout.write(ALTERNATE.home);
    if (output === 'json') showLine(io, seen);
    else
      show(io, output, seen, (colors, clean, screen) => {
        const whole = statusText(clean, colors, Date.now(), screen);
        return isScreen ? clipped(whole, screen) : whole;
      });
  };
  const since = { traceId: first.traceId, specGeneration: first.specGeneration };
  const tell = noteUnreadable((line) => say(io, line), first.name);
  if (isScreen) io.stdout.write(ALTERNATE.enter);
  try {
    draw(first);
    for await (const seen of follow(await openSource(session), first.name, since, io.signal, tell)) draw(seen);
  } finally {
    leave();
    if (isScreen) {
      io.stdout.write(ALTERNATE.leave);
      show(io, output, last, (colors, clean, screen) => statusText(clean, colors, Date.now(), screen));
    }
  }
}

/** `keelson explain NAME` */
export async function explain(session: Session, name: string, { output }: Output): Promise<void> {
  const { status: seen, staleSince, retries } = await fetchStatus(session, name);
  const explanation = marked(explanationOf(seen, { retries, staleSince }), staleSince);
  if (isText(output)) sayContext(session, seen);
  show(session.io, output, explanation, (colors, clean, screen) => explanationText(clean, colors, Date.now(), screen));
  if (staleSince !== null) throw unattended();
}

/** `keelson history NAME` */
export async function history(session: Session, name: string, { output }: Output): Promise<void> {
  const { status: seen, staleSince } = await fetchStatus(session, name);
  show(session.io, output, operationsOf(seen), (colors, _, screen) =>
    historyText(printableAll(seen), colors, Date.now(), screen),
  );
  if (staleSince !== null) throw unattended();
}
