import { printableLine } from '../../model/printable.js';
import type { ClusterEvent } from '../../model/state.js';
import type { Colors } from '../io.js';
import { PLAIN, type Screen, wrapped } from '../screen.js';
import { age, moment } from './time.js';

const HEAD = ['LAST SEEN', 'TYPE', 'REASON', 'OPERATION', 'MESSAGE'];
/** Lines on a screen would not age: `--watch` shows the time of day. */
const HEAD_WATCH = ['TIME', ...HEAD.slice(1)];
const GAP = '   ';
/** Width for later events: Warning, InstancesTerminated, op-1a2b3c4d. */
const LEAST = [0, 7, 19, 11, 0];

interface EventTable {
  head: string;
  row(event: ClusterEvent, now?: number): string;
}

/** A line each, printed one at a time: no column is narrower than the first events need. */
export function eventTable(
  first: readonly ClusterEvent[],
  colors: Colors,
  { now = Date.now(), watch = false, screen = PLAIN }: { now?: number; watch?: boolean; screen?: Screen } = {},
): EventTable {
  const head = watch ? HEAD_WATCH : HEAD;
  const rows = [head, ...first.map((event) => cellsOf(event, now, watch))];
  const widths = head.map((_, column) => Math.max(LEAST[column] ?? 0, ...rows.map((row) => row[column]?.length ?? 0)));
  const beside = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0);
  const line = (cells: string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(GAP)
      .trimEnd();
  return {
    head: line(head),
    row: (event, at = Date.now()) => {
      const text = wrapped(line(cellsOf(event, at, watch)), screen.columns, beside);
      return event.type === 'Warning' ? colors.yellow(text) : text;
    },
  };
}

export function eventsText(
  events: readonly ClusterEvent[],
  colors: Colors,
  now = Date.now(),
  screen: Screen = PLAIN,
): string {
  if (events.length === 0) return 'no events';
  const { head, row } = eventTable(events, colors, { now, screen });
  return [head, ...events.map((event) => row(event, now))].join('\n');
}

const cellsOf = ({ at, type, reason, operation, message }: ClusterEvent, now: number, watch: boolean): string[] => [
  watch ? moment(at) : age(at, now),
  type,
  reason,
  operation ?? '-',
  printableLine(message),
];
