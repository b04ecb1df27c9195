import type { Condition } from '../../model/state.js';
import type { Colors } from '../io.js';
import { table } from './table.js';
import { age } from './time.js';

/** Not as it should be; what nobody wants, or what sleeps, does not fail. */
export const isFailing = ({ status, reason }: Condition): boolean =>
  status !== 'True' && reason !== 'NoneWanted' && reason !== 'Stopped';

/** As kubectl shows them, those that fail first. */
export function conditionTable(conditions: readonly Condition[], colors: Colors, now: number): string {
  if (conditions.length === 0) return 'no conditions yet';
  const mark = { True: colors.green, False: colors.red, Unknown: colors.yellow };
  const sorted = [...conditions.filter(isFailing), ...conditions.filter((one) => !isFailing(one))];
  return table(
    ['condition', 'status', 'reason', 'since', 'checked', 'message'],
    sorted.map((one) => [
      one.type,
      mark[one.status](one.status),
      one.reason,
      age(one.since, now),
      checked(one, now),
      one.message,
    ]),
  );
}

/** A worker of an earlier version does not tell it. */
const checked = ({ lastChecked }: Partial<Condition>, now: number): string | null =>
  lastChecked === undefined ? null : age(lastChecked, now);
