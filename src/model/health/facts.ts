/** What a node reports about itself in an observation, as far as the state carries it. */
export interface NodeFacts {
  at: string;
  /** Time of the last deep probe, which runs seldom. */
  deepAt: string | null;
  /** Restarts of its service, as systemd counts them since the boot. */
  restarts: number;
  diskUsedPercent: number | null;
  /** Seconds by which its clock is ahead of the worker's. */
  clockOffset: number | null;
  /** When the first of its certificates ends, ISO 8601. */
  certificatesUntil: string | null;
  /** When the first of the CAs that sign them ends, ISO 8601; missing if unreported. */
  authoritiesUntil?: string;
  /** Size of its etcd database. */
  databaseMiB: number | null;
  /** How much of it is in use, which a defragmentation leaves; missing if unreported. */
  databaseUsedMiB?: number;
  /** Alarm that its etcd knows of, its own or another member's: NOSPACE, CORRUPT, or `none`; missing if unreported. */
  alarm?: string;
  /** Whether its member leads etcd; missing if unreported. */
  leads?: boolean;
  /** Name of its newest etcd snapshot. */
  snapshot: string | null;
}

/** From here on the kubelet deletes images, and at 95 % it evicts pods. [docs: Kubernetes, node-pressure eviction] */
export const DISK_LIMIT_PERCENT = 85;
/** The time that the answer takes is not known better; certificates and etcd tolerate much more. */
export const CLOCK_LIMIT_SECONDS = 30;
/** K3s renews at a start with 120 days or less left; below this Keelson starts it again for that. [docs: K3s, cli/certificate] */
export const CERTIFICATE_LIMIT_DAYS = 90;
/** Three quarters of etcd's quota: at 2 GiB it takes no more writes. [docs: etcd, quota-backend-bytes] */
export const DATABASE_LIMIT_MIB = 1_536;

/** [etcd source: AlarmType] */
const ALARM = /^(none|[A-Z]{1,20})$/;

const DAY_MS = 86_400_000;

/**
 * Reads the result of the script `probe`.
 *
 * @param before earlier facts: those of the deep probe stay
 * @param now when the answer came, ISO 8601
 * @param deep whether it was a deep probe
 */
export function factsOf(told: Record<string, string>, before: NodeFacts | null, now: string, deep: boolean): NodeFacts {
  const clock = numberOf(told['clock']);
  const used = numberOf(told['db-used-mib']);
  return {
    at: now,
    deepAt: deep ? now : (before?.deepAt ?? null),
    restarts: numberOf(told['restarts']) ?? 0,
    diskUsedPercent: numberOf(told['disk-used-percent']),
    clockOffset: clock === null ? null : Math.round(clock - Date.parse(now) / 1_000),
    certificatesUntil: dateOf(told['cert-earliest']) ?? before?.certificatesUntil ?? null,
    ...authorities(dateOf(told['ca-earliest']) ?? before?.authoritiesUntil ?? null),
    databaseMiB: numberOf(told['db-mib']),
    ...(used !== null && { databaseUsedMiB: used }),
    ...(ALARM.test(told['etcd-alarm'] ?? '') && { alarm: told['etcd-alarm'] }),
    ...(told['etcd-leader'] !== undefined && { leads: told['etcd-leader'] === 'true' }),
    snapshot: told['snapshot'] ?? before?.snapshot ?? null,
  };
}

type Ailment = 'disk' | 'clock' | 'certificates' | 'database' | 'nospace' | 'corrupt';

/** Returns what is wrong by these facts, in words, by kind; null for healthy; missing for unknown. */
export function problemsOf(facts: NodeFacts, now: string): Partial<Record<Ailment, string | null>> {
  const { diskUsedPercent: disk, clockOffset: clock, certificatesUntil: until, databaseMiB: database } = facts;
  const { databaseUsedMiB: used, alarm } = facts;
  const days = until === null ? null : daysUntil(until, now);
  return {
    ...(disk !== null && { disk: disk < DISK_LIMIT_PERCENT ? null : `its disk is ${disk} % full` }),
    ...(clock !== null && {
      clock:
        Math.abs(clock) < CLOCK_LIMIT_SECONDS
          ? null
          : `its clock is ${Math.abs(clock)} s ${clock > 0 ? 'fast' : 'slow'}`,
    }),
    ...(days !== null && {
      certificates:
        days >= CERTIFICATE_LIMIT_DAYS || endsWithItsCa(facts)
          ? null
          : days < 0
            ? 'its certificates have ended'
            : `its certificates end in ${days} days`,
    }),
    ...(database !== null && {
      database:
        database < DATABASE_LIMIT_MIB
          ? null
          : `its etcd database has ${database} MiB${used === undefined ? '' : `, of which ${used} MiB are in use`}`,
    }),
    ...(alarm !== undefined && {
      nospace: alarm === 'NOSPACE' ? 'its etcd has the alarm NOSPACE: it takes no more writes' : null,
      corrupt: alarm === 'CORRUPT' ? 'its etcd has the alarm CORRUPT: members do not have the same data' : null,
    }),
  };
}

const authorities = (until: string | null): Pick<NodeFacts, 'authoritiesUntil'> =>
  until === null ? {} : { authoritiesUntil: until };

/** Returns the whole days from `now` to a time, both ISO 8601. */
export const daysUntil = (time: string, now: string): number =>
  Math.floor((Date.parse(time) - Date.parse(now)) / DAY_MS);

/** A certificate does not outlive its CA: a restart of K3s would renew it to the same end. */
const endsWithItsCa = ({ certificatesUntil: until, authoritiesUntil: ca }: NodeFacts): boolean =>
  until !== null && ca !== undefined && Date.parse(until) >= Date.parse(ca) - DAY_MS;

function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : null;
}

function dateOf(text: string | undefined): string | null {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}
