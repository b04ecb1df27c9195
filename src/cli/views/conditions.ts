import type { Condition } from '../../model/state.js';
import type { Colors } from '../io.js';
import { PLAIN, type Screen } from '../screen.js';
import { table } from './table.js';
import { age } from './time.js';

/** Not as it should be; what no one wants, or what sleeps, does not fail. */
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
  const isFolded = !screen.wide && screen.columns !== null;
  const shown = isFolded ? conditions.filter((one) => one.status !== 'True' && !isUnmeasured(one)) : conditions;
  const rest = isFolded ? restText(conditions, colors) : '';
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

/** Not measured yet, or not since a node was replaced: that is one fact, not a row for each check. */
const isUnmeasured = ({ status, reason }: Condition): boolean => status === 'Unknown' && reason === 'NotMeasured';

/** What is not in the table, counted. */
function restText(conditions: readonly Condition[], colors: Colors): string {
  const [unmeasured, good] = [isUnmeasured, ({ status }: Condition) => status === 'True'].map(
    (is) => conditions.filter(is).length,
  );
  const parts = [
    ...(unmeasured ? [`${counted(unmeasured)} not measured now`] : []),
    ...(good ? [`${counted(good)} True`] : []),
  ];
  return parts.length === 0 ? '' : colors.dim(`${parts.join(', ')} (-o wide shows them)`);
}

const counted = (count: number): string => (count === 1 ? '1 condition is' : `${count} conditions are`);

/** A worker of an earlier version does not tell it. */
const checked = ({ lastChecked }: Partial<Condition>, now: number): string | null =>
  lastChecked === undefined ? null : age(lastChecked, now);
