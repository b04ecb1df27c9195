import { describe, expect, it } from 'vitest';
import { noBackup } from '#src/model/backup/state.js';
import { blankState } from '#src/model/blank-state.js';
import { emptySlot } from '#src/model/empty-slot.js';
import { UNKNOWN_INSTANCE } from '#src/model/ids.js';
import type { ObservationFailure } from '#src/model/observation-failure.js';
import { automaticRestore } from '#src/model/restore/automatic.js';
import { restoreOf } from '#src/model/restore/state.js';
import type { ClusterState, KeptVolume, Slot } from '#src/model/state.js';
import { nodeInstance } from '../node-instance.js';
import { valid } from '../spec/sample.js';

const NOW = '2026-03-01T12:30:00.000Z';

interface Given extends Partial<ClusterState> {
  /** Slots that still have an instance. */
  left?: string[];
  /** Slots of which nothing names the last instance. */
  unknown?: string[];
  spec?: Record<string, unknown>;
}

/** Three members and an agent without instances, and a backup of half an hour ago. */
function stateWith({ left = [], unknown = [], spec = {}, ...change }: Given = {}): ClusterState {
  const document = valid({ mode: 'ha', backup: { restore: 'automatic' }, ...spec });
  const slots = ['server-0', 'server-1', 'server-2', 'w-0'].map((name): [string, Slot] => {
    const role = name === 'w-0' ? 'agent' : 'server';
    const slot = emptySlot({ name, role, pool: role === 'agent' ? 'w' : null }, 1, `shop-${name}-g1`);
    const lastInstanceId = unknown.includes(name) ? UNKNOWN_INSTANCE : `i-${name}`;
    const instance = left.includes(name) ? nodeInstance(`i-${name}`) : null;
    return [name, { ...slot, joined: true, lastInstanceId, instance }];
  });
  return {
    ...blankState(document),
    initializedAt: '2026-02-20T00:00:00.000Z',
    adoption: 'done',
    slots: Object.fromEntries(slots),
    backup: BACKUP,
    ...change,
  };
}

const BACKUP = { ...noBackup(), at: '2026-03-01T12:00:00.000Z', id: '2026-03-01T12-00-00Z' };
const rotation = { what: 'token', ref: 't1', backup: BACKUP.id, server: null, ready: false, taken: [] } as const;
const UNSEEN: ObservationFailure = {
  subject: 'instances',
  code: 'RequestLimitExceeded',
  class: 'throttled',
  message: 'm',
  hint: 'h',
  since: NOW,
};
const saved = (slot: string, at: string): KeptVolume => ({
  ...{ kind: 'snapshot', id: 'snap-1', slot, generation: 1, instanceId: 'i-1', at },
});

describe('a restore without a request', () => {
  it.each<[string, ClusterState]>([
    ['every server is lost', stateWith()],
    ['the agents are there', stateWith({ left: ['w-0'] })],
    ['the only server is lost', stateWith({ spec: { mode: 'dev' } })],
    [
      'a disk was saved of a server before the backup',
      stateWith({ kept: [saved('server-2', '2026-03-01T11:59:00.000Z')] }),
    ],
    ['nothing names the last instance of an agent', stateWith({ unknown: ['w-0'] })],
    ['a disk was saved of an agent', stateWith({ kept: [saved('w-0', '2026-03-01T12:10:00.000Z')] })],
  ])('is of the newest backup where %s', (_, state) => {
    expect(automaticRestore(state, NOW)).toEqual({ backup: BACKUP.id, held: null });
  });

  it.each<[string, ClusterState, string]>([
    ['one server has an instance', stateWith({ left: ['server-1'] }), 'server-1 has i-server-1'],
    [
      'a disk of a server was saved after the backup',
      stateWith({ kept: [saved('server-2', '2026-03-01T12:10:00.000Z')] }),
      'snapshot snap-1 of server-2',
    ],
    [
      "an instance carries the cluster's tags",
      stateWith({ foreign: [{ id: 'i-other', why: 'no seal' }] }),
      'i-other carries',
    ],
    [
      'nothing names the last instance of a server',
      stateWith({ unknown: ['server-2'] }),
      'nothing names the last instance of server-2',
    ],
    ['EC2 cannot be observed', stateWith({ unobserved: { own: [UNSEEN], region: [] } }), 'EC2 does not tell'],
    ['there is no backup', stateWith({ backup: noBackup() }), 'knows of no backup'],
    [
      'the backup is older than the schedule promises',
      stateWith({ backup: { ...BACKUP, at: '2026-03-01T09:00:00.000Z' } }),
      'the newest backup is of 2026-03-01T09:00:00.000Z',
    ],
    [
      'the backup is of a time that has not come yet',
      stateWith({ backup: { ...BACKUP, at: '2026-03-01T13:31:00.000Z' } }),
      'the clock was wrong',
    ],
    [
      'a restore came after the backup',
      stateWith({ backup: { ...BACKUP, supersededBy: 'restore' } }),
      'a restore came after backup',
    ],
    [
      'a secret was replaced after the backup',
      stateWith({ backup: { ...BACKUP, supersededBy: 'rotation' } }),
      'a rotation came after backup',
    ],
    ['a rotation is under way', stateWith({ rotation: { ...rotation, taken: [] } }), 'a rotation (token) is under way'],
    ['repairs wait for a person', stateWith({ spec: { health: { autoRepair: false } } }), 'autoRepair is false'],
  ])('waits for a person where %s, and says so', (_, state, why) => {
    const { backup, held } = automaticRestore(state, NOW) ?? {};

    expect(backup).toBeNull();
    expect(held).toContain(why);
  });

  it.each<[string, ClusterState]>([
    ['the document does not ask for it', stateWith({ spec: { backup: { restore: 'manual' } } })],
    ['the document has no backups', stateWith({ spec: { backup: undefined } })],
    ['the quorum is there', stateWith({ left: ['server-0', 'server-1'] })],
    ['it is paused', stateWith({ paused: true })],
    ['it is to be stopped', stateWith({ desiredState: 'stopped' })],
    ['it is being deleted', stateWith({ desiredState: 'deleted' })],
    ['it was never up', stateWith({ initializedAt: null })],
    ['what an earlier workflow has left is not known yet', stateWith({ adoption: 'inspecting' })],
    ['a restore is under way, or has failed', stateWith({ restore: restoreOf({ ref: 'r1', from: null }) })],
  ])('is not judged where %s', (_, state) => {
    expect(automaticRestore(state, NOW)).toBeNull();
  });
});
