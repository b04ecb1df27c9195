import { describe, expect, it } from 'vitest';
import { blankState } from '../../../../src/model/blank-state.js';
import { emptySlot } from '../../../../src/model/empty-slot.js';
import { phaseOf } from '../../../../src/model/phase-of.js';
import { plan } from '../../../../src/model/plan/index.js';
import { placementKeyOf } from '../../../../src/model/plan/wanted.js';
import { decide } from '../../../../src/model/requests/decide.js';
import { type RestoreState, restoreOf } from '../../../../src/model/restore/state.js';
import type { ClusterState, Operation, Slot, StepRecord } from '../../../../src/model/state.js';
import { nodeInstance } from '../node-instance.js';
import { valid } from '../spec/sample.js';

const ASKED: RestoreState = restoreOf({ ref: 'r7', from: null });
const BACKUP = {
  uid: 'u',
  id: '2026-01-02T10-00-00Z',
  at: '2026-01-02T10:00:00.000Z',
  k3s: 'v1.34.2+k3s1',
  sha256: 'f'.repeat(64),
  size: 1,
  compression: 'gzip',
  marker: 'm',
} as const;

/** Three members that serve, without those that are gone. */
function stateWith({ gone = [], ...change }: { gone?: string[] } & Partial<ClusterState> = {}): ClusterState {
  const slots = ['server-0', 'server-1', 'server-2'].map((name): [string, Slot] => {
    const slot = emptySlot({ name, role: 'server', pool: null }, 1, `shop-${name}-g1`);
    const there = { instance: nodeInstance(`i-${name}`), agentOnline: true, service: 'running' } as const;
    return [name, { ...slot, joined: true, ...(gone.includes(name) ? {} : there) }];
  });
  const document = valid({ mode: 'ha' });
  return {
    ...blankState(document),
    bornAt: '2026-01-01T00:00:00.000Z',
    checkedAt: '2026-01-02T12:00:00.000Z',
    adoption: 'done',
    placementKey: placementKeyOf(document),
    slots: Object.fromEntries(slots),
    restore: ASKED,
    ...change,
  };
}

const stepsOf = (state: ClusterState) => plan(state.document, state, null).steps.map(({ id }) => id);
const rehearsedOn = (slot: string): RestoreState => ({
  ...ASKED,
  backup: BACKUP,
  rehearsedOn: { slot, instanceId: `i-${slot}` },
});

describe('the plan of a restore', () => {
  it('rehearses first, then stops K3s on all others, and only then restores', () => {
    const { kind, steps } = plan(stateWith().document, stateWith(), null);

    expect(kind).toBe('restore');
    expect(steps.map(({ id, after }) => [id, after])).toEqual([
      ['rehearse:server-0', []],
      ['stop-service:server-1', ['rehearse:server-0']],
      ['stop-service:server-2', ['rehearse:server-0']],
      ['restore:server-0', ['rehearse:server-0', 'stop-service:server-1', 'stop-service:server-2']],
    ]);
  });

  it('takes the server that is left', () => {
    expect(stepsOf(stateWith({ gone: ['server-0', 'server-1'] }))).toEqual(['rehearse:server-2', 'restore:server-2']);
  });

  it('makes a server where none is left', () => {
    const steps = stepsOf(stateWith({ gone: ['server-0', 'server-1', 'server-2'] }));

    expect(steps.slice(-4)).toEqual(['launch:server-0', 'agent:server-0', 'rehearse:server-0', 'restore:server-0']);
    expect(steps).not.toContain('remove-node:server-0');
  });

  it('cuts the power of a server that takes no commands: it could go on serving the old cluster', () => {
    const state = stateWith();
    const silent = { text: 'lost', holds: true, since: state.checkedAt, doubtedAt: null };

    expect(stepsOf({ ...state, findings: { 'server-0/agent': silent } })).toEqual([
      'rehearse:server-1',
      'stop-instance:server-0',
      'stop-service:server-2',
      'restore:server-1',
    ]);
  });

  it('goes on where it was left: what was rehearsed is not rehearsed again, on another instance it is', () => {
    const gone = ['server-0'];

    expect(stepsOf(stateWith({ restore: rehearsedOn('server-1') }))).not.toContain('rehearse:server-1');
    expect(stepsOf(stateWith({ restore: rehearsedOn('server-1') })).at(-1)).toBe('restore:server-1');
    expect(stepsOf(stateWith({ gone, restore: rehearsedOn('server-0') }))).toContain('rehearse:server-1');
  });

  it('is no failed cluster meanwhile', () => {
    const gone = ['server-0', 'server-1'];

    expect(phaseOf(stateWith({ gone, restore: null }))).toBe('Failed');
    expect(phaseOf(stateWith({ gone }))).not.toBe('Failed');
  });
});

describe('an upgrade', () => {
  const upgrading = (backup: object | undefined): ClusterState => {
    const document = valid({ mode: 'ha', ...(backup && { backup }) });
    const state = stateWith({ restore: null, verified: true });
    const slots = Object.entries(state.slots).map(
      ([name, slot]) => [name, { ...slot, installed: 'v1.33.5+k3s1' }] as const,
    );
    return { ...state, document, placementKey: placementKeyOf(document), slots: Object.fromEntries(slots) };
  };

  it('is preceded by a backup where the document asks for backups, once', () => {
    const state = upgrading({});
    const taken = [{ kind: 'backup', outcome: 'done' }] as StepRecord[];
    const again = { ...state, operation: { kind: 'update', steps: taken } as Operation };
    const { steps } = plan(state.document, state, null);
    const gate = steps.find(({ kind }) => kind === 'gate');

    expect(gate?.after).toContain('backup:server-2');
    expect(stepsOf(again)).not.toContain('backup:server-2');
    expect(stepsOf(upgrading(undefined)).filter((id) => id.startsWith('backup'))).toEqual([]);
  });
});

describe('a request to restore', () => {
  const idle = stateWith({ restore: null });
  const confirm = 'demo';

  it('is taken with the name of the cluster as the second word', () => {
    expect(decide(idle, 'restore', { confirm })).toMatchObject({
      outcome: 'accepted',
      change: { restore: { from: null, backup: null }, breakers: {} },
    });
    expect(decide(idle, 'restore', { confirm, from: BACKUP.id })).toMatchObject({
      change: { restore: { from: BACKUP.id } },
    });
  });

  it.each<[string, ClusterState, object, RegExp]>([
    ['without the second word', idle, {}, /restore wants \{"confirm": "demo"\}/],
    ['of what is no backup', idle, { confirm, from: 'yesterday' }, /not a backup/],
    ['while another one is under way', stateWith(), { confirm }, /under way/],
    ['of a cluster that is stopped', { ...idle, wish: 'stopped' }, { confirm }, /keelson start demo/],
    ['of a cluster that is paused', { ...idle, paused: true }, { confirm }, /keelson resume demo/],
    ['of a cluster that was never up', { ...idle, bornAt: null }, { confirm }, /never up/],
    ['of a cluster that is being deleted', { ...idle, wish: 'deleted' }, { confirm }, /too late/],
  ])('is refused %s', (_, state, payload, why) => {
    const decision = decide(state, 'restore', payload);

    expect(decision.outcome).toBe('refused');
    expect(decision.message).toMatch(why);
  });
});
