import { timeOfBackup } from '../backup/keys.js';
import { canBackUp } from '../backup/schedule.js';
import { plan } from '../plan/index.js';
import { quorumLost } from '../plan/quorum-lost.js';
import { restoreInTheWay } from '../restore/in-the-way.js';
import { restoreOf } from '../restore/state.js';
import type { ClusterState } from '../state.js';
import { apply, desiredState, resize } from './change-document.js';
import { accepted, type Decision, invalid, refused, unchanged } from './decision.js';
import { rotate } from './rotate.js';

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
  'drill',
  'rotate',
  'withdraw',
] as const;
export type RequestName = (typeof REQUESTS)[number];

/**
 * Decides about a request from the carried state. Pure, so that an update's validator, a signal and `keelson plan` decide alike.
 *
 * @param payload of the message, unchecked
 */
export function decide(state: ClusterState, name: RequestName, payload: unknown): Decision {
  const body = isRecord(payload) ? payload : {};
  if (payload !== undefined && payload !== null && !isRecord(payload)) {
    return invalid(`${name} wants a JSON object, not ${Array.isArray(payload) ? 'a list' : typeof payload}`);
  }
  if (state.desiredState === 'deleted' && !['retry', 'delete', 'withdraw'].includes(name)) {
    return {
      outcome: 'refused',
      type: 'Refused',
      message: `${state.document.metadata.name} is being deleted: ${name} comes too late`,
      problems: [],
    };
  }
  switch (name) {
    case 'stop':
      return state.desiredState === 'stopped'
        ? unchanged('it is stopped, or about to be')
        : desiredState(state, 'stopped', 'it will be stopped');
    case 'start':
      return state.desiredState === 'running'
        ? unchanged('it runs, or is about to')
        : desiredState(state, 'running', 'it will be started');
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
      return accepted('Keelson tries at once what waits or has failed', {
        breakers: {},
        unavailableTypes: {},
        ...(state.restore !== null && { restore: { ...state.restore, failed: null } }),
        securityGroups: state.securityGroups && { ...state.securityGroups, refused: null },
        ...(state.refusedGroups !== undefined && { refusedGroups: {} }),
        // Keelson asks again what the account offers before it tries a type again.
        ...(Object.keys(state.unavailableTypes).length > 0 && { launchConfigKey: null }),
      });
    case 'repair':
      return repair(state);
    case 'backup':
      return backup(state);
    case 'restore':
      return restore(state, body);
    case 'drill':
      return drill(state);
    case 'rotate':
      return rotate(state, body);
    case 'withdraw':
      return withdraw(state);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Decides about a delete. One word destroys nothing: the sender names the cluster a second time. [docs/adr/0029] */
function remove(state: ClusterState, confirm: unknown): Decision {
  const { name } = state.document.metadata;
  if (state.desiredState === 'deleted') return unchanged('it is being deleted');
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
  return accepted(message, { desiredState: 'deleted', breakers: {} });
}

/** Takes the last request back while no operation has begun for it. */
function withdraw(state: ClusterState): Decision {
  const { lastRequest } = state;
  if (lastRequest !== null) return accepted(`${lastRequest.name} is withdrawn`, lastRequest.before);
  if (isUnbegun(state)) return accepted('the create is withdrawn: nothing was made', { withdrawn: true });
  return {
    outcome: 'refused',
    type: 'Refused',
    message: 'no request waits: the last one has begun or was withdrawn; ask for the opposite, e.g. start after stop',
    problems: [],
  };
}

/** Returns whether the workflow has just been started, and nothing was done for it. */
const isUnbegun = ({ operation, operationCount, slots, initializedAt }: ClusterState): boolean =>
  operation === null && operationCount === 0 && initializedAt === null && Object.keys(slots).length === 0;

/** Allows the repairs that are held back. The plan says whether there are any. */
function repair(state: ClusterState): Decision {
  if (state.desiredState !== 'running') return unchanged('it is stopped, or about to be');
  const { steps, blocked } = plan({ ...state, repairAsked: true });
  if (steps.length > 0) return accepted('what is held back will be repaired', { repairAsked: true });
  return unchanged(blocked === undefined ? 'nothing is held back' : `${blocked.message}; ${blocked.hint}`);
}

/**
 * Decides about a restore. It loses what was written since the backup, so the sender names the cluster a second time, as for a delete.
 * [docs/adr/0029]
 */
function restore(state: ClusterState, { confirm, from, withVersion = false }: Record<string, unknown>): Decision {
  const { name } = state.document.metadata;
  if (from !== undefined && (typeof from !== 'string' || timeOfBackup(from) === null))
    return invalid('from is not a backup: keelson backups lists them');
  if (typeof withVersion !== 'boolean') return invalid('withVersion is neither true nor false');
  if (state.restore !== null && state.restore.failed === null)
    return refused(`a restore of ${name} is under way: wait for its end`);
  if (state.desiredState === 'stopped') return refused(`${name} is stopped: keelson start ${name} first`);
  if (state.paused) return refused(`${name} is paused: keelson resume ${name} first`);
  const { failed, source } = state.restore ?? { failed: null, source: null };
  if (source !== null)
    return refused(
      `${name} is being made from a backup of ${source.cluster}, which failed (${failed?.code}): keelson retry ${name} tries it again; for another backup delete ${name} first`,
    );
  if (state.initializedAt === null || state.adoption !== 'done')
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
  if (state.desiredState === 'stopped')
    return refused(`${name} is stopped: a backup needs a server that runs; keelson start ${name}`);
  if (state.paused) return refused(`${name} is paused: keelson resume ${name}`);
  if (lost) return refused(`no backup can be taken: ${lost.message}`);
  if (!canBackUp(state)) return refused(`${name} was never up yet: there is nothing to back up`);
  return accepted('a backup will be taken', { backup: { ...state.backup, asked: true } });
}

/** Decides about a drill. It launches a machine for minutes and touches nothing of the cluster, so it needs no confirmation. */
function drill(state: ClusterState): Decision {
  const { name } = state.document.metadata;
  if (state.drill.asked || state.drill.running !== null) return unchanged(`a drill of ${name} is under way`);
  const restoring = restoreInTheWay(state);
  if (restoring !== null) return refused(restoring);
  if (state.desiredState === 'stopped') return refused(`${name} is stopped: keelson start ${name} first`);
  if (state.paused) return refused(`${name} is paused: keelson resume ${name} first`);
  if (!canBackUp(state)) return refused(`${name} was never up yet: there is no backup to drill`);
  return accepted('the newest backup will be restored on a machine of its own', {
    drill: { ...state.drill, asked: true },
  });
}
