/** Parts of messages that services have in common. */
import type { Bounds } from './table.js';
import type { Violation } from './violation.js';

export function aboutOf(violation: Violation): string {
  return 'path' in violation ? violation.path : 'name' in violation ? violation.name : violation.what;
}

export function between([least, most]: Bounds): string {
  if (least === null || most === null)
    return least === null ? `less than or equal to ${most}` : `greater than or equal to ${least}`;
  return `between ${least} and ${most}`;
}

export function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length <= 200 ? text : `${text.slice(0, 200)}...`;
}
