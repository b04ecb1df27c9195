import type { StatusView } from '../../model/status.js';

const MINUTE_S = 60;

/** Returns the result of the last drill, and its cost. */
export function drillText({ name, drill: { last } }: StatusView): string {
  if (last === null) return `${name}: no drill yet`;
  const { backup, objects, startedAt, endedAt, machineSeconds, instanceType } = last;
  const seconds = Math.round((Date.parse(endedAt) - Date.parse(startedAt)) / 1_000);
  return [
    `${name}: backup ${backup} is proven: it was restored in ${seconds} s, with its marker and ${objects} objects`,
    `machine: ${(machineSeconds / MINUTE_S).toFixed(1)} minutes of ${instanceType ?? 'none'}; nothing of it is left`,
  ].join('\n');
}
