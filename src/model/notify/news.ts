import { causeOf } from '../explain/cause.js';
import { heldBack } from '../explain/held-back.js';
import { redact } from '../redact.js';
import type { StatusView } from '../status.js';

export const NEWS_TYPES = [
  'io.keelson.operation.ended',
  'io.keelson.health.changed',
  'io.keelson.person.needed',
] as const;

/** Something that a person who does not look may want to know. */
export interface News {
  /** The same for a repetition: a receiver that has it passes it over. */
  id: string;
  type: (typeof NEWS_TYPES)[number];
  /** ISO 8601. */
  time: string;
  /** In a line, without secrets. */
  text: string;
  data: {
    cluster: string;
    uid: string;
    region: string;
    phase: string;
    health: string;
    /** What `keelson explain` says first. */
    cause: string;
    hints: string[];
    operation: { id: string; kind: string; outcome: string; startedAt: string; endedAt: string | null } | null;
  };
}

/** What was told last of a cluster; kept beside its status. */
export interface Told {
  uid: string;
  health: string;
  /** Ids of operations whose end was told, newest last. */
  operations: string[];
  /** Id of the last news that a person is needed; null when none is. */
  person: string | null;
}

const OPERATIONS_KEPT = 40;

/**
 * What has happened since the last time, oldest first.
 *
 * @param told null when nothing was told about this life of the name: then only what is to come is told
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
  // Unknown is a pause of knowledge, while something is made, changed or not observed: it is told when it ends.
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
  return {
    news,
    told: {
      uid: status.uid,
      health: isKnown ? status.health : before.health,
      operations: status.operations.map(({ id }) => id).slice(-OPERATIONS_KEPT),
      person,
    },
  };
}

/** What ended longer ago than this is no news to one who has just begun to listen. */
const OLD_MS = 600_000;

function firstTold({ uid, operations }: StatusView, now: string): Told {
  const old = operations.filter(({ endedAt }) => Date.parse(now) - Date.parse(endedAt ?? now) > OLD_MS);
  return { uid, health: 'Unknown', operations: old.map(({ id }) => id), person: null };
}

/** A delete that has ended. */
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

/** The last news of a cluster: by then no status is left to follow. */
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

/** Keelson has stopped, or waits: until a person changes something nothing goes on. */
function personNeeded(status: StatusView): string | null {
  const { lastError, operation, phase } = status;
  if (lastError === null || (phase !== 'Failed' && heldBack(status) === null)) return null;
  return `person/${operation?.id ?? 'none'}/${lastError.code}`;
}

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
    text: type === 'io.keelson.operation.ended' ? text : `${text}: ${cause}`,
    data: { cluster, uid, region, phase, health, cause, hints: hints.map(redact), operation },
  };
}
