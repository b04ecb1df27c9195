import { nextFire } from '../../backup/schedule.js';
import { secondsOf } from '../../duration.js';
import { cronFields, cronProblem } from '../cron.js';
import { REPLACE_AFTER } from '../parts/upkeep.js';
import type { ClusterDocument } from '../schema.js';
import { type Violation, valueText } from '../violation.js';
import type { Rule } from './rule.js';

type Path = string[];

/** Checks cron expressions, time zones, and durations for sense. */
export const times: Rule = ({ spec }) => [
  ...schedules(spec).flatMap(({ path, cron }) => {
    const problem = cronProblem(cron);
    return problem === null
      ? []
      : [{ path, message: problem, hint: 'minute hour day month weekday, e.g. 0 20 * * 1-5' }];
  }),
  ...zones(spec).flatMap(({ path, zone }) =>
    isTimezone(zone)
      ? []
      : [{ path, message: `${valueText(zone)} is not an IANA time zone`, hint: 'for example Europe/Berlin or UTC' }],
  ),
  ...within(spec.upgrade.drainTimeout, ['spec', 'upgrade', 'drainTimeout'], '10s', '2h'),
  ...within(spec.health.gracePeriod, ['spec', 'health', 'gracePeriod'], '10s', '1h'),
  ...within(spec.health.replaceAfter, ['spec', 'health', 'replaceAfter'], '1m', '24h'),
  ...hasty(spec),
  ...(spec.upgrade.window
    ? within(spec.upgrade.window.duration, ['spec', 'upgrade', 'window', 'duration'], '15m', '168h')
    : []),
  ...never(spec),
  ...sleepless(spec),
  ...backupTimes(spec),
];

function schedules({ backup, hibernation, upgrade }: ClusterDocument['spec']): { path: Path; cron: string }[] {
  return [
    ...(backup ? [{ path: ['spec', 'backup', 'schedule'], cron: backup.schedule }] : []),
    ...(hibernation ? [{ path: ['spec', 'hibernation', 'stop'], cron: hibernation.stop }] : []),
    ...(hibernation ? [{ path: ['spec', 'hibernation', 'start'], cron: hibernation.start }] : []),
    ...(upgrade.window ? [{ path: ['spec', 'upgrade', 'window', 'start'], cron: upgrade.window.start }] : []),
  ];
}

function zones({ hibernation, upgrade }: ClusterDocument['spec']): { path: Path; zone: string }[] {
  return [
    ...(hibernation ? [{ path: ['spec', 'hibernation', 'timezone'], zone: hibernation.timezone }] : []),
    ...(upgrade.window ? [{ path: ['spec', 'upgrade', 'window', 'timezone'], zone: upgrade.window.timezone }] : []),
  ];
}

function within(duration: string, path: Path, least: string, most: string): Violation[] {
  const seconds = secondsOf(duration);
  if (seconds >= secondsOf(least) && seconds <= secondsOf(most)) return [];
  return [{ path, message: `is ${duration}`, hint: `from ${least} to ${most}` }];
}

/** Within the grace period nothing counts yet: the gentler steps need the rest. A long grace period lengthens the default. */
function hasty({ health }: ClusterDocument['spec']): Violation[] {
  if (health.replaceAfter === REPLACE_AFTER) return [];
  if (secondsOf(health.replaceAfter) >= 2 * secondsOf(health.gracePeriod)) return [];
  return [
    {
      path: ['spec', 'health', 'replaceAfter'],
      message: `is ${health.replaceAfter}, and spec.health.gracePeriod is ${health.gracePeriod}`,
      hint: 'at least twice the grace period: restart, reboot, stop and start are tried before',
    },
  ];
}

function sleepless({ hibernation }: ClusterDocument['spec']): Violation[] {
  if (hibernation === undefined || hibernation.start !== hibernation.stop) return [];
  return [{ path: ['spec', 'hibernation'], message: 'starts and stops at the same times', hint: 'let them differ' }];
}

/** A 31st of February never comes: what waits for it waits for ever. Backups report it with their other times. */
const never = (spec: ClusterDocument['spec']): Violation[] =>
  schedules({ ...spec, backup: undefined }).flatMap(({ path, cron }) =>
    cronProblem(cron) !== null || nextFire(cron, '2026-01-01T00:00:00Z') !== null
      ? []
      : [{ path, message: `never comes: ${valueText(cron)}`, hint: 'a day that the month has' }],
  );

/** A snapshot reads the whole database: with shorter intervals one would hardly end before the next. */
const LEAST_MINUTES = 5;

function backupTimes({ backup }: ClusterDocument['spec']): Violation[] {
  if (backup === undefined || cronProblem(backup.schedule) !== null) return [];
  const path = ['spec', 'backup', 'schedule'];
  if (nextFire(backup.schedule, '2026-01-01T00:00:00Z') === null)
    return [{ path, message: `never comes: ${valueText(backup.schedule)}`, hint: '0 * * * * for each hour' }];
  const minutes = [...(cronFields(backup.schedule)[0] ?? [])].sort((a, b) => a - b);
  const isHasty = minutes.some((minute, index) => {
    const next = minutes[index + 1] ?? (minutes[0] ?? 0) + 60;
    return minutes.length > 1 && next - minute < LEAST_MINUTES;
  });
  return isHasty
    ? [{ path, message: 'comes more often than every five minutes', hint: '*/5 * * * * is the most' }]
    : [];
}

function isTimezone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
