import { printableAll } from '../../model/printable.js';
import type { StatusView } from '../../model/status.js';
import { say } from '../io.js';
import { type Format, show, showLine } from '../output.js';
import type { Session } from '../session.js';
import { explain as explanationOf, explanationText } from '../views/explain.js';
import { historyText, operationsOf } from '../views/history.js';
import { listText } from '../views/list.js';
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
  show(session.io, output, listed, (_, seen) => listText(seen));
}

/** `keelson status NAME [--watch]` */
export async function status(session: Session, name: string, options: Output & { watch: boolean }): Promise<void> {
  const clusters = await session.clusters();
  const { io } = session;
  const first = await clusters.get(name);
  if (!options.watch) {
    show(io, options.output, first, (colors, seen) => statusText(seen, colors));
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
  const explanation = explanationOf(await (await session.clusters()).get(name));
  show(session.io, output, explanation, (colors, clean) => explanationText(clean, colors));
}

/** `keelson history NAME` */
export async function history(session: Session, name: string, { output }: Output): Promise<void> {
  const seen = await (await session.clusters()).get(name);
  show(session.io, output, operationsOf(seen), (colors) => historyText(printableAll(seen), colors));
}
