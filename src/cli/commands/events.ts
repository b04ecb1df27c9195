import type { ClusterEvent } from '../../model/state.js';
import { colorsFor, type Io } from '../io.js';
import { type Format, show, showEntry, showLine } from '../output.js';
import { whenReaderLeaves } from '../pipe.js';
import { screenOf } from '../screen.js';
import type { Session } from '../session.js';
import { eventsText, eventTable } from '../views/events.js';
import { followEvents } from '../wait/follow-events.js';

export interface EventsOptions {
  watch: boolean;
  /** Leave normal events out. */
  warnings: boolean;
  output: Format;
}

/** `keelson events NAME [--watch] [--warnings]` */
export async function events(session: Session, name: string, options: EventsOptions): Promise<void> {
  const { io } = session;
  const clusters = await session.clusters();
  await clusters.requireOpen(name);
  const known = await clusters.events(name);
  const isWanted = ({ type }: ClusterEvent): boolean => !options.warnings || type === 'Warning';
  const first = known.filter(isWanted);
  if (!options.watch) {
    show(io, options.output, first, (colors, seen, screen) => eventsText(seen, colors, Date.now(), screen));
    return;
  }
  const print = printer(io, options.output, first);
  for (const event of first) print(event);
  const leave = whenReaderLeaves(io.stdout, () => process.exit(0));
  try {
    for await (const event of followEvents(clusters, name, known, io.signal)) if (isWanted(event)) print(event);
  } finally {
    leave();
  }
}

/** Prints one at a time: a line, an object a line, or an entry of one YAML list. */
function printer(io: Io, output: Format, first: readonly ClusterEvent[]): (event: ClusterEvent) => void {
  if (output === 'json') return (event) => showLine(io, event);
  if (output === 'yaml') return (event) => showEntry(io, event);
  const { head, row } = eventTable(first, colorsFor(io, io.stdout), { watch: true, screen: screenOf(io.stdout) });
  show(io, 'text', null, () => head);
  return (event) => show(io, 'text', event, (_, seen) => row(seen));
}
