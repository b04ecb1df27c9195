import { printableLine } from '../../model/printable.js';
import type { ClusterEvent } from '../../model/state.js';
import type { Colors } from '../io.js';
import { age } from './time.js';

const HEAD = ['LAST SEEN', 'TYPE', 'REASON', 'OPERATION', 'MESSAGE'];
const GAP = '   ';
/** As wide as what comes later is likely to need: Warning, InstancesTerminated, op-1a2b3c4d. */
const LEAST = [0, 7, 19, 11, 0];

interface EventTable {
  head: string;
  row(event: ClusterEvent, now?: number): string;
}

/** A line each, to be written one by one: no column is narrower than the first events need. */
export function eventTable(first: readonly ClusterEvent[], colors: Colors, now = Date.now()): EventTable {
  const rows = [HEAD, ...first.map((event) => cellsOf(event, now))];
  const widths = HEAD.map((_, column) => Math.max(LEAST[column] ?? 0, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join(GAP)
      .trimEnd();
  return {
    head: line(HEAD),
    row: (event, at = Date.now()) => {
      const text = line(cellsOf(event, at));
      return event.type === 'Warning' ? colors.yellow(text) : text;
    },
  };
}

export function eventsText(events: readonly ClusterEvent[], colors: Colors, now = Date.now()): string {
  if (events.length === 0) return 'no events';
  const { head, row } = eventTable(events, colors, now);
  return [head, ...events.map((event) => row(event, now))].join('\n');
}

const cellsOf = ({ at, type, reason, operation, message }: ClusterEvent, now: number): string[] => [
  age(at, now),
  type,
  reason,
  operation ?? '-',
  printableLine(message),
];
