import type { Condition } from '../../model/state.js';
import type { Colors } from '../io.js';
import { PLAIN, type Screen } from '../screen.js';
import { table } from './table.js';
import { age } from './time.js';

/** Returns whether the condition fails; one that no one needs now does not. */
export const isFailing = ({ status, reason }: Condition): boolean =>
  status !== 'True' && reason !== 'NoneWanted' && reason !== 'Stopped';

/** Lists them as kubectl does, failing ones first. */
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

/** Not measured yet, or not since a replacement: that is one fact, not a row for each check. */
const isUnmeasured = ({ status, reason }: Condition): boolean => status === 'Unknown' && reason === 'NotMeasured';

/** Returns the number of conditions outside of the table. */
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

/** An earlier version of the worker leaves it out. */
const checked = ({ lastProbeTime }: Partial<Condition>, now: number): string | null =>
  lastProbeTime === undefined ? null : age(lastProbeTime, now);
