/** The five fields of a cron expression, with their ranges. [crontab(5)] */
const FIELDS = [
  { name: 'minute', min: 0, max: 59, names: [] as string[] },
  { name: 'hour', min: 0, max: 23, names: [] as string[] },
  { name: 'day of the month', min: 1, max: 31, names: [] as string[] },
  {
    name: 'month',
    min: 1,
    max: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of the week', min: 0, max: 7, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

type Field = (typeof FIELDS)[number];

/** Returns what is wrong with a cron expression, or null. Lists, ranges, steps and the names of months and days are understood. */
export function cronProblem(expression: string): string | null {
  const parts = expression.split(/ +/);
  if (parts.length !== FIELDS.length) return `has ${parts.length} fields, not ${FIELDS.length}`;
  for (const [index, field] of FIELDS.entries()) {
    const part = parts[index] ?? '';
    if (!part.split(',').every((item) => isItem(item, field))) {
      return `"${part}" is no ${field.name} (${field.min} to ${field.max})`;
    }
  }
  return null;
}

function isItem(item: string, field: Field): boolean {
  const match = /^(\*|[A-Za-z0-9]+)(?:-([A-Za-z0-9]+))?(?:\/(\d{1,2}))?$/.exec(item);
  if (match === null) return false;
  const [, from = '', to, step] = match;
  if (step !== undefined && (Number(step) < 1 || Number(step) > field.max)) return false;
  if (from === '*') return to === undefined;
  const first = numberOf(from, field);
  const last = to === undefined ? first : numberOf(to, field);
  return first !== null && last !== null && first <= last;
}

function numberOf(text: string, field: Field): number | null {
  const named = field.names.indexOf(text.toLowerCase());
  if (named >= 0) return field.min + named;
  if (!/^\d{1,2}$/.test(text)) return null;
  const value = Number(text);
  return value >= field.min && value <= field.max ? value : null;
}

/** A moment of local time; `weekday` from 0 for Sunday. */
export interface WallTime {
  minute: number;
  hour: number;
  day: number;
  month: number;
  weekday: number;
}

/** Returns the values of each field of a valid expression, in the order minute, hour, day, month, weekday. */
export function cronFields(expression: string): Set<number>[] {
  const parts = expression.split(/ +/);
  return FIELDS.map((field, index) => {
    const values = (parts[index] ?? '*').split(',').flatMap((item) => valuesOf(item, field));
    // 7 is Sunday, too.
    return new Set(field.max === 7 ? values.map((value) => value % 7) : values);
  });
}

/** Returns whether the expression fires in the hour of the moment. If both days are restricted either suffices. [crontab(5)] */
export function firesInHour(
  expression: string,
  fields: Set<number>[],
  { hour, day, month, weekday }: WallTime,
): boolean {
  const [, hours, days, months, weekdays] = fields;
  const [, , dayText = '*', , weekdayText = '*'] = expression.split(/ +/);
  const [onDay, onWeekday] = [days?.has(day) === true, weekdays?.has(weekday) === true];
  const either = !dayText.startsWith('*') && !weekdayText.startsWith('*');
  return hours?.has(hour) === true && months?.has(month) === true && (either ? onDay || onWeekday : onDay && onWeekday);
}

function valuesOf(item: string, field: Field): number[] {
  const [range = '*', step = '1'] = item.split('/');
  const [from = '*', to] = range.split('-');
  const first = from === '*' ? field.min : (numberOf(from, field) ?? field.min);
  // `5/10` means from five on.
  const last =
    to !== undefined ? (numberOf(to, field) ?? first) : from === '*' || item.includes('/') ? field.max : first;
  const values: number[] = [];
  for (let value = first; value <= last; value += Number(step)) values.push(value);
  return values;
}
