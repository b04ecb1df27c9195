import { timeOfBackup } from '../backup/keys.js';
import { canBackUp } from '../backup/schedule.js';
import { refusalsOf } from '../diff.js';
import { versionsInUse } from '../k3s/installed.js';
import { plan } from '../plan/index.js';
import { quorumLost } from '../plan/quorum-lost.js';
import { restoreOf } from '../restore/state.js';
import { ROTATIONS } from '../rotation/state.js';
import { parseDocument } from '../spec/parse.js';
import type { ClusterDocument } from '../spec/schema.js';
import { violationText } from '../spec/violation.js';
import type { ClusterState } from '../state.js';

export const REQUESTS = [
  'stop',
  'start',
  'resize',
  'apply',
  'delete',
  'pause',
  'resume',
  'retry',
  'repair',
  'backup',
  'restore',
  'rotate',
  'withdraw',
] as const;
export type RequestName = (typeof REQUESTS)[number];

/** What a request does to the carried wish. `type` of a refusal is the failure's type: InvalidSpec, InvalidRequest or Refused. */
export type Decision =
  | { outcome: 'refused'; type: 'InvalidSpec' | 'InvalidRequest' | 'Refused'; message: string; problems: string[] }
  | { outcome: 'unchanged'; message: string }
  | { outcome: 'accepted'; message: string; change: Partial<ClusterState> };

/**
 * Judges a request against the carried state. Pure, so that an update's validator, a signal and `keelson plan` judge alike.
 *
 * @param payload what came with the message, unchecked
 */
export function decide(state: ClusterState, name: RequestName, payload: unknown): Decision {
  const body = isRecord(payload) ? payload : {};
  if (payload !== undefined && payload !== null && !isRecord(payload)) {
    return invalid(`${name} wants a JSON object, not ${Array.isArray(payload) ? 'a list' : typeof payload}`);
  }
  if (state.wish === 'deleted' && !['retry', 'delete', 'withdraw'].includes(name)) {
    return {
      outcome: 'refused',
      type: 'Refused',
      message: `${state.document.metadata.name} is being deleted: ${name} comes too late`,
      problems: [],
    };
  }
  switch (name) {
    case 'stop':
      return state.wish === 'stopped'
        ? unchanged('it is stopped, or about to be')
        : wish(state, 'stopped', 'it will be stopped');
    case 'start':
      return state.wish === 'running'
        ? unchanged('it runs, or is about to')
        : wish(state, 'running', 'it will be started');
    case 'resize':
      return resize(state, body);
    case 'apply':
      return apply(state, body['document']);
    case 'delete':
      return remove(state, body['confirm']);
    case 'pause':
      return state.paused
        ? unchanged('it is paused')
        : accepted('paused: nothing is done until resume', { paused: true });
    case 'resume':
      return state.paused ? accepted('resumed', { paused: false }) : unchanged('it is not paused');
    case 'retry':
      return accepted('breakers are closed, waits cut short', {
        breakers: {},
        heldTypes: {},
        ...(state.restore !== null && { restore: { ...state.restore, failed: null } }),
        securityGroups: state.securityGroups && { ...state.securityGroups, refused: null },
        // What the account offers is looked at again before a type is tried again.
        ...(Object.keys(state.heldTypes).length > 0 && { placementKey: null }),
      });
    case 'repair':
      return repair(state);
    case 'backup':
      return backup(state);
    case 'restore':
      return restore(state, body);
    case 'rotate':
      return rotate(state, body['what']);
    case 'withdraw':
      return withdraw(state);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const invalid = (message: string, problems: string[] = []): Decision => ({
  outcome: 'refused',
  type: 'InvalidRequest',
  message,
  problems,
});
const unchanged = (message: string): Decision => ({ outcome: 'unchanged', message: `nothing to do: ${message}` });
const accepted = (message: string, change: Partial<ClusterState>): Decision => ({
  outcome: 'accepted',
  message,
  change,
});

function wish(state: ClusterState, wanted: 'running' | 'stopped', message: string): Decision {
  const document = { ...state.document, spec: { ...state.document.spec, state: wanted } };
  return accepted(message, { wish: wanted, document, breakers: {} });
}

/** Nothing is destroyed by one word: the sender names the cluster a second time. [docs/adr/0029] */
function remove(state: ClusterState, confirm: unknown): Decision {
  const { name } = state.document.metadata;
  if (state.wish === 'deleted') return unchanged('it is being deleted');
  if (state.document.spec.deletion.protect) {
    const message = `${name} is protected: set spec.deletion.protect to false, apply, and delete again`;
    return { outcome: 'refused', type: 'Refused', message, problems: [] };
  }
  if (confirm !== name)
    return invalid(
      `delete wants {"confirm": ${JSON.stringify(name)}}: it terminates the instances of ${name} and deletes their disks`,
    );
  const kept = state.kept.map((one) => `${one.kind} ${one.id}`);
  const message =
    kept.length === 0
      ? 'it will be deleted'
      : `it will be deleted, and with it what is kept of its nodes: ${kept.join(', ')}`;
  return accepted(message, { wish: 'deleted', breakers: {} });
}

/** Takes the last request back while no operation has begun for it. */
function withdraw({ lastRequest }: ClusterState): Decision {
  if (lastRequest !== null) return accepted(`${lastRequest.name} is withdrawn`, lastRequest.before);
  return {
    outcome: 'refused',
    type: 'Refused',
    message: 'no request waits: the last one has begun or was withdrawn; ask for the opposite, e.g. start after stop',
    problems: [],
  };
}

/** Allows what is held back. Nothing is asked for twice: the plan tells whether there is anything to allow. */
function repair(state: ClusterState): Decision {
  if (state.wish !== 'running') return unchanged('it is stopped, or about to be');
  const { steps, blocked } = plan(state.document, { ...state, repairAsked: true }, null);
  if (steps.length > 0) return accepted('what is held back will be repaired', { repairAsked: true });
  return unchanged(blocked === undefined ? 'nothing is held back' : `${blocked.message}; ${blocked.advice}`);
}

const refused = (message: string): Decision => ({ outcome: 'refused', type: 'Refused', message, problems: [] });

/** What was written since the backup is lost: the sender names the cluster a second time, as for a delete. [docs/adr/0029] */
function restore(state: ClusterState, { confirm, from, withVersion = false }: Record<string, unknown>): Decision {
  const { name } = state.document.metadata;
  if (from !== undefined && (typeof from !== 'string' || timeOfBackup(from) === null))
    return invalid('from is not a backup: keelson backups lists them');
  if (typeof withVersion !== 'boolean') return invalid('withVersion is neither true nor false');
  if (state.restore !== null && state.restore.failed === null)
    return refused(`a restore of ${name} is under way: wait for its end`);
  if (state.wish === 'stopped') return refused(`${name} is stopped: keelson start ${name} first`);
  if (state.paused) return refused(`${name} is paused: keelson resume ${name} first`);
  const { failed, source } = state.restore ?? { failed: null, source: null };
  if (source !== null)
    return refused(
      `${name} is being made from a backup of ${source.cluster}, which failed (${failed?.code}): keelson retry ${name} tries it again; for another backup delete ${name} first`,
    );
  if (state.bornAt === null || state.adoption !== 'done')
    return refused(`${name} was never up yet: there is nothing to restore`);
  if (confirm !== name)
    return invalid(`restore wants {"confirm": ${JSON.stringify(name)}}: what was written since the backup is lost`);
  return accepted(`${from ?? 'the newest backup'} will be restored`, {
    restore: restoreOf({ ref: `r${state.jobCount}`, from: from ?? null, withVersion }),
    // Tokens, keys and CAs come back as they were.
    rotation: null,
    breakers: {},
  });
}

function backup(state: ClusterState): Decision {
  const { name } = state.document.metadata;
  const lost = quorumLost(state);
  if (state.wish === 'stopped')
    return refused(`${name} is stopped: a backup needs a server that runs; keelson start ${name}`);
  if (state.paused) return refused(`${name} is paused: keelson resume ${name}`);
  if (lost) return refused(`no backup can be taken: ${lost.message}`);
  if (!canBackUp(state)) return refused(`${name} was never up yet: there is nothing to back up`);
  return accepted('a backup will be taken', { backup: { ...state.backup, asked: true } });
}

/** Nothing is lost by it, so it wants no second word; who holds the old secret outside of the cluster needs the new one afterwards. */
function rotate(state: ClusterState, asked: unknown): Decision {
  const { name } = state.document.metadata;
  const what = ROTATIONS.find((one) => one === asked);
  const lost = quorumLost(state);
  if (what === undefined) return invalid(`rotate wants {"what": "<one of ${ROTATIONS.join(', ')}>"}`);
  if (state.rotation?.what === what) return unchanged(`a rotation of ${name} (${what}) is under way`);
  if (state.rotation !== null)
    return refused(`a rotation of ${name} (${state.rotation.what}) is under way: wait for its end`);
  if (state.restore !== null) return refused(`a restore of ${name} is under way: wait for its end`);
  if (state.wish === 'stopped') return refused(`${name} is stopped: keelson start ${name} first`);
  if (state.paused) return refused(`${name} is paused: keelson resume ${name} first`);
  if (state.bornAt === null || state.adoption !== 'done')
    return refused(`${name} was never up yet: there is nothing to rotate`);
  if (lost) return refused(`nothing can be rotated: ${lost.message}`);
  if (what === 'encryption-key' && state.document.spec.k3s.config['secrets-encryption'] === false)
    return refused(
      `${name} does not encrypt its secrets (spec.k3s.config.secrets-encryption): there is no key to rotate`,
    );
  // Each node makes its own certificates.
  const ready = what === 'certificates';
  const rotation = { what, ref: `t${state.jobCount}`, backup: null, server: null, ready, taken: [] };
  return accepted(`${what} will be rotated`, { rotation, breakers: {} });
}

function resize(state: ClusterState, body: Record<string, unknown>): Decision {
  const { instanceType, pool } = body;
  if (typeof instanceType !== 'string')
    return invalid('resize wants {"instanceType": "<type>"}, and {"pool": "<name>"} for agents');
  const { spec } = state.document;
  if (pool !== undefined && !spec.pools.some((one) => one.name === pool))
    return invalid(`there is no pool ${JSON.stringify(pool)}`);
  const resized: ClusterDocument = {
    ...state.document,
    spec:
      pool === undefined
        ? { ...spec, servers: { ...spec.servers, instanceType } }
        : { ...spec, pools: spec.pools.map((one) => (one.name === pool ? { ...one, instanceType } : one)) },
  };
  const current =
    pool === undefined ? spec.servers.instanceType : spec.pools.find((one) => one.name === pool)?.instanceType;
  if (current === instanceType && state.heldTypes[instanceType] === undefined)
    return unchanged(`the type is ${instanceType}`);
  const parsed = parseDocument(resized);
  if (!parsed.ok) return invalid(`${instanceType}: ${parsed.violations[0]?.message ?? 'not an instance type'}`);
  return accepted(`${pool ?? 'servers'} will be of type ${instanceType}`, {
    document: resized,
    breakers: {},
    heldTypes: {},
  });
}

function apply(state: ClusterState, value: unknown): Decision {
  if (value === undefined) return invalid('apply wants {"document": {...}}');
  const parsed = parseDocument(value);
  if (!parsed.ok) {
    const problems = parsed.violations.map(violationText);
    return {
      outcome: 'refused',
      type: 'InvalidSpec',
      message: `the document has ${problems.length} problem(s): ${problems.join('; ')}`,
      problems,
    };
  }
  const { document } = parsed;
  if (document.metadata.name !== state.document.metadata.name) {
    return invalid(`the document is of ${document.metadata.name}, this cluster is ${state.document.metadata.name}`);
  }
  const refusals = refusalsOf(state.document, document, versionsInUse(state));
  if (refusals.length > 0) return invalid(`cannot be changed: ${refusals.join('; ')}`, refusals);
  // The same document again is no news, and a program that applies it each minute must not open what a breaker keeps shut.
  if (JSON.stringify(document) === JSON.stringify(state.document)) {
    const until = Object.values(state.breakers)
      .flatMap((breaker) => breaker?.openUntil ?? [])
      .sort()
      .at(-1);
    return unchanged(
      until === undefined
        ? 'the document is the one in force'
        : `the document is the one in force, and nothing is tried until ${until}: \`keelson retry\` tries at once`,
    );
  }
  return accepted('the document is in force', {
    document,
    wish: document.spec.state,
    paused: document.spec.paused,
    breakers: {},
    heldTypes: {},
  });
}
