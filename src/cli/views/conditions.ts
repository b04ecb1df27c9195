import type { Condition } from '../../model/state.js';
import type { Colors } from '../io.js';
import { PLAIN, type Screen } from '../screen.js';
import { table } from './table.js';
import { age } from './time.js';

/** Not as it should be; what nobody wants, or what sleeps, does not fail. */
export const isFailing = ({ status, reason }: Condition): boolean =>
  status !== 'True' && reason !== 'NoneWanted' && reason !== 'Stopped';

/** As kubectl shows them, those that fail first. */
export function conditionTable(
  conditions: readonly Condition[],
  colors: Colors,
  now: number,
  screen: Screen = PLAIN,
): string {
  if (conditions.length === 0) return 'no conditions yet';
  const shown =
    screen.wide || screen.columns === null ? conditions : conditions.filter(({ status }) => status !== 'True');
  const folded = conditions.length - shown.length;
  const rest = folded === 0 ? '' : colors.dim(`${folded} conditions are True (-o wide shows them)`);
  if (shown.length === 0) return rest;
  const mark = { True: colors.green, False: colors.red, Unknown: colors.yellow };
  const sorted = [...shown.filter(isFailing), ...shown.filter((one) => !isFailing(one))];
  const rows = table(
    [
      'condition',
      'status',
      { name: 'reason', spare: 2 },
      { name: 'since', spare: 1 },
      { name: 'checked', spare: 3 },
      'message',
    ],
    sorted.map((one) => [
      one.type,
      mark[one.status](one.status),
      one.reason,
      age(one.since, now),
      checked(one, now),
      one.message,
    ]),
    screen,
  );
  return rest === '' ? rows : `${rows}\n${rest}`;
}

/** A worker of an earlier version does not tell it. */
const checked = ({ lastChecked }: Partial<Condition>, now: number): string | null =>
  lastChecked === undefined ? null : age(lastChecked, now);
