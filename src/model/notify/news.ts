import { causeOf } from '../explain/cause.js';
import { heldBack } from '../explain/held-back.js';
import { redact } from '../redact.js';
import type { StatusView } from '../status.js';

export const NEWS_TYPES = [
  'io.keelson.operation.ended',
  'io.keelson.health.changed',
  'io.keelson.person.needed',
  'io.keelson.drill.failed',
] as const;

/** An event that a person who does not watch may want to know of. */
export interface News {
  /** The same for a repetition: a receiver ignores what it has. */
  id: string;
  type: (typeof NEWS_TYPES)[number];
  /** ISO 8601. */
  time: string;
  /** In one line, without secrets. */
  text: string;
  data: {
    cluster: string;
    uid: string;
    region: string;
    phase: string;
    health: string;
    /** First line of `keelson explain`. */
    cause: string;
    hints: string[];
    operation: { id: string; kind: string; outcome: string; startedAt: string; endedAt: string | null } | null;
  };
}

/** The last notification about a cluster; kept beside its status. */
export interface Told {
  uid: string;
  health: string;
  /** Ids of operations whose end was reported, newest last. */
  operations: string[];
  /** Id of the last news that needs a person; null when there is none. */
  person: string | null;
  /** The last drill that was reported or has succeeded; missing if there was none. */
  drill?: string;
}

const OPERATIONS_KEPT = 40;

/**
 * Returns the news since the last notification, oldest first.
 *
 * @param told null when nothing was reported about this cluster: then only future events are reported
 * @param now ISO 8601
 */
export function newsOf(status: StatusView, told: Told | null, now: string): { news: News[]; told: Told } {
  const before = told?.uid === status.uid ? told : firstTold(status, now);
  const news: News[] = [];
  const ended = status.operations.filter(({ id }) => !before.operations.includes(id));
  for (const operation of ended) {
    const { id, kind, outcome, startedAt, endedAt } = operation;
    const text = `${status.name}: ${kind} ${id} has ended: ${outcome}`;
    news.push(
      newsItem(status, `${id}/ended`, 'io.keelson.operation.ended', endedAt ?? now, text, {
        id,
        kind,
        outcome,
        startedAt,
        endedAt,
      }),
    );
  }
  // Unknown is a gap in knowledge, while something is made, changed or not observed: it is reported when it ends.
  const isKnown = status.health !== 'Unknown';
  if (isKnown && status.health !== before.health) {
    const text = `${status.name} is ${status.health} (before: ${before.health})`;
    news.push(
      newsItem(status, `health/${before.health}-${status.health}/${now}`, 'io.keelson.health.changed', now, text),
    );
  }
  const person = personNeeded(status);
  if (person !== null && person !== before.person)
    news.push(newsItem(status, person, 'io.keelson.person.needed', now, `${status.name} needs a person`));
  const { last } = status.drill;
  if (last?.problem != null && last.ref !== before.drill) {
    const text = `${status.name}: the drill of its newest backup failed: ${last.problem.code}: ${last.problem.message}`;
    news.push(newsItem(status, `${last.ref}/drill`, 'io.keelson.drill.failed', last.endedAt, redact(text)));
  }
  return {
    news,
    told: {
      uid: status.uid,
      health: isKnown ? status.health : before.health,
      operations: status.operations.map(({ id }) => id).slice(-OPERATIONS_KEPT),
      person,
      ...(last !== null && { drill: last.ref }),
    },
  };
}

/** An older end is not news to a receiver that has just begun to listen. */
const OLD_MS = 600_000;

function firstTold({ uid, operations, drill: { last } }: StatusView, now: string): Told {
  const isOld = (endedAt: string | null): boolean => Date.parse(now) - Date.parse(endedAt ?? now) > OLD_MS;
  const old = operations.filter(({ endedAt }) => isOld(endedAt));
  const drill = last !== null && isOld(last.endedAt) ? { drill: last.ref } : {};
  return { uid, health: 'Unknown', operations: old.map(({ id }) => id), person: null, ...drill };
}

/** A finished delete. */
export interface Deleted {
  cluster: string;
  uid: string;
  region: string;
  /** Id of the operation. */
  operation: string;
  /** ISO 8601. */
  startedAt: string;
  endedAt: string;
}

/** Returns the last news of a cluster: after it there is no status to follow. */
export const deletedNews = ({ cluster, uid, region, operation: id, startedAt, endedAt }: Deleted): News => ({
  id: `${uid}/${id}/ended`,
  type: 'io.keelson.operation.ended',
  time: endedAt,
  text: `${cluster}: delete ${id} has ended: done`,
  data: {
    cluster,
    uid,
    region,
    phase: 'Deleted',
    health: 'Unknown',
    cause: `${cluster} is deleted`,
    hints: [],
    operation: { id, kind: 'delete', outcome: 'done', startedAt, endedAt },
  },
});

/** Keelson has stopped, or waits until a person changes something. */
function personNeeded(status: StatusView): string | null {
  const { lastError, operation, phase } = status;
  if (lastError === null || (phase !== 'Failed' && heldBack(status) === null)) return null;
  return `person/${operation?.id ?? 'none'}/${lastError.code}`;
}

/** Its text is complete; the others end with the cause. */
const WHOLE: ReadonlySet<News['type']> = new Set(['io.keelson.operation.ended', 'io.keelson.drill.failed']);

function newsItem(
  status: StatusView,
  id: string,
  type: News['type'],
  time: string,
  text: string,
  operation: News['data']['operation'] = null,
): News {
  const { name: cluster, uid, region, phase, health } = status;
  const { message, hints } = causeOf(status, [], Date.parse(time));
  const cause = redact(message.split('\n')[0] ?? '');
  return {
    id: `${uid}/${id}`,
    type,
    time,
    text: WHOLE.has(type) ? text : `${text}: ${cause}`,
    data: { cluster, uid, region, phase, health, cause, hints: hints.map(redact), operation },
  };
}
