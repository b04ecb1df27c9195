import { describe, expect, it } from 'vitest';
import { blankState } from '#src/model/blank-state.js';
import { emptySlot } from '#src/model/empty-slot.js';
import { phaseOf } from '#src/model/phase-of.js';
import { plan } from '#src/model/plan/index.js';
import { launchConfigKeyOf } from '#src/model/plan/wanted.js';
import { decide } from '#src/model/requests/decide.js';
import { type RestoreState, restoreOf } from '#src/model/restore/state.js';
import type { ClusterState, Operation, Slot, StepRecord } from '#src/model/state.js';
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
    initializedAt: '2026-01-01T00:00:00.000Z',
    checkedAt: '2026-01-02T12:00:00.000Z',
    adoption: 'done',
    launchConfigKey: launchConfigKeyOf(document),
    slots: Object.fromEntries(slots),
    restore: ASKED,
    ...change,
  };
}

const stepsOf = (state: ClusterState) => plan(state).steps.map(({ id }) => id);
const rehearsedOn = (slot: string): RestoreState => ({
  ...ASKED,
  backup: BACKUP,
  rehearsedOn: { slot, instanceId: `i-${slot}` },
});

describe('the plan of a restore', () => {
  it('rehearses first, then stops K3s on all others, and only then restores', () => {
    const { kind, steps } = plan(stateWith());

    expect(kind).toBe('restore');
    expect(steps.map(({ id, after }) => [id, after])).toEqual([
      ['rehearse:server-0', []],
      ['stop-service:server-1', ['rehearse:server-0']],
      ['stop-service:server-2', ['rehearse:server-0']],
      ['restore:server-0', ['rehearse:server-0', 'stop-service:server-1', 'stop-service:server-2']],
      ['join:server-1', ['restore:server-0', 'stop-service:server-1']],
      ['join:server-2', ['restore:server-0', 'stop-service:server-2']],
    ]);
  });

  it('takes the server that is left, which waits for no other', () => {
    const { steps } = plan(stateWith({ gone: ['server-0', 'server-1'] }));
    const main = steps.filter(({ slot }) => slot === 'server-2');

    expect(main.map(({ id, after }) => [id, after])).toEqual([
      ['rehearse:server-2', []],
      ['restore:server-2', ['rehearse:server-2']],
    ]);
  });

  it.each([
    ['of which one is left', ['server-0', 'server-1'], 'server-2'],
    ['of which none is left', ['server-0', 'server-1', 'server-2'], 'server-0'],
  ])(
    'launches the lost servers of a quorum %s beside the restore, and joins them to nothing but a proven backup',
    (_, gone, name) => {
      const { steps } = plan(stateWith({ gone }));
      const others = gone.filter((one) => one !== name);

      for (const other of others) {
        const own = steps.filter(({ slot }) => slot === other);

        expect(own.map(({ id }) => id)).toEqual([`launch:${other}`, `wait-for-agent:${other}`, `join:${other}`]);
        expect(own[0]?.after).toEqual(
          ['preflight', 'security-group'].filter((id) => steps.some((one) => one.id === id)),
        );
        expect(own.at(-1)?.after).toEqual([`launch:${other}`, `wait-for-agent:${other}`, `rehearse:${name}`]);
      }
      expect(steps.filter(({ kind }) => kind === 'remove-node')).toEqual([]);
    },
  );

  it('holds nothing up by what fails beside it: no launch but that of the restored server is waited for', () => {
    const needed = (gone: string[]) =>
      plan(stateWith({ gone }))
        .steps.filter(({ beside }) => beside === undefined)
        .map(({ id }) => id);

    expect(needed(['server-0', 'server-1'])).toEqual(['rehearse:server-2', 'restore:server-2']);
    expect(needed(['server-0', 'server-1', 'server-2']).filter((id) => !id.includes('group'))).toEqual([
      'preflight',
      'launch:server-0',
      'wait-for-agent:server-0',
      'rehearse:server-0',
      'restore:server-0',
    ]);
  });

  it('launches nothing beside the restore of a cluster that serves: it is as it was if the backup cannot be restored', () => {
    expect(stepsOf(stateWith({ gone: ['server-2'] })).filter((id) => id.startsWith('launch'))).toEqual([]);
  });

  it('launches all nodes of a new cluster at once', () => {
    const document = valid({ mode: 'ha', pools: [{ name: 'workers', count: 1, instanceType: 't3.medium' }] });
    const { steps } = plan({ ...stateWith(), document, initializedAt: null, slots: {} });
    const launches = steps.filter(({ kind }) => kind === 'launch');

    expect(launches.map(({ slot }) => slot)).toEqual(['server-0', 'server-1', 'server-2', 'workers-0']);
    expect(launches.flatMap(({ after }) => after.filter((id) => id.includes('server-0')))).toEqual([]);
  });

  it('keeps to the limit of launches of a slot, and restores meanwhile', () => {
    const at = '2026-01-02T11:59:00.000Z';
    const gone = ['server-0', 'server-1'];
    const { steps, deferred } = plan(stateWith({ gone, launches: { 'server-1': [at, at, at, at, at] } }));

    expect(steps.map(({ id }) => id)).toContain('launch:server-0');
    expect(steps.map(({ id }) => id)).toContain('restore:server-2');
    expect(steps.filter(({ slot }) => slot === 'server-1')).toEqual([]);
    expect(deferred?.messages).toHaveLength(1);
  });

  it('stops no instance that was launched for it and does not take commands yet', () => {
    const state = stateWith({ gone: ['server-0', 'server-1'] });
    const slot = state.slots['server-0'];
    const launched = { joined: false, departing: 'demo-server-0-g1', instance: nodeInstance('i-new') };
    if (slot !== undefined) Object.assign(slot, launched);
    const steps = stepsOf(state);

    expect(steps.filter((id) => id.startsWith('stop-'))).toEqual([]);
    expect(steps).toContain('wait-for-agent:server-0');
    expect(steps).not.toContain('launch:server-0');
  });

  it('starts agents again with the restored token as soon as the server is there, and sets their labels while other servers join', () => {
    const state = stateWith();
    const agent = emptySlot({ name: 'workers-0', role: 'agent', pool: 'workers' }, 1, 'shop-workers-0-g1');
    const there = { instance: nodeInstance('i-a'), agentOnline: true, service: 'running', joined: true } as const;
    const document = valid({ mode: 'ha', pools: [{ name: 'workers', count: 1, instanceType: 't3.medium' }] });
    const slots = { ...state.slots, 'workers-0': { ...agent, ...there, installed: document.spec.k3s.version } };
    const { steps } = plan({ ...state, document, launchConfigKey: launchConfigKeyOf(document), slots });

    const afterOf = (id: string) => steps.find((one) => one.id === id)?.after;
    expect(afterOf('start-service:workers-0')).toEqual(['restore:server-0']);
    expect(afterOf('label-nodes')).toEqual(['restore:server-0', 'start-service:workers-0']);
  });

  it('removes no member of an etcd that is replaced, also from the server that was made for it', () => {
    const state = stateWith({ gone: ['server-1', 'server-2'] });
    const slot = state.slots['server-0'];
    if (slot !== undefined) Object.assign(slot, { joined: false, departing: 'demo-server-0-g1' });

    expect(stepsOf(state)).not.toContain('remove-node:server-0');
  });

  it('cuts the power of a server that takes no commands: it could go on serving the old cluster', () => {
    const state = stateWith();
    const silent = { text: 'lost', confirmed: true, since: state.checkedAt, pendingSince: null };

    expect(stepsOf({ ...state, findings: { 'server-0/agent': silent } })).toEqual([
      'rehearse:server-1',
      'stop-instance:server-0',
      'stop-service:server-2',
      'restore:server-1',
      'join:server-2',
    ]);
  });

  it('goes on where it was left: what was rehearsed is not rehearsed again, on another instance it is', () => {
    const gone = ['server-0'];

    expect(stepsOf(stateWith({ restore: rehearsedOn('server-1') }))).not.toContain('rehearse:server-1');
    expect(stepsOf(stateWith({ restore: rehearsedOn('server-1') }))).toContain('restore:server-1');
    expect(stepsOf(stateWith({ gone, restore: rehearsedOn('server-0') }))).toContain('rehearse:server-1');
  });

  it('is not a failed cluster meanwhile', () => {
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
    return { ...state, document, launchConfigKey: launchConfigKeyOf(document), slots: Object.fromEntries(slots) };
  };

  it('is preceded by a backup where the document asks for backups, once', () => {
    const state = upgrading({});
    const taken = [{ kind: 'backup', outcome: 'done' }] as StepRecord[];
    const again = { ...state, operation: { kind: 'update', steps: taken } as Operation };
    const { steps } = plan(state);
    const gate = steps.find(({ kind }) => kind === 'check-quorum');

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
    ['of a cluster that is stopped', { ...idle, desiredState: 'stopped' }, { confirm }, /keelson start demo/],
    ['of a cluster that is paused', { ...idle, paused: true }, { confirm }, /keelson resume demo/],
    ['of a cluster that was never up', { ...idle, initializedAt: null }, { confirm }, /never up/],
    ['of a cluster that is being deleted', { ...idle, desiredState: 'deleted' }, { confirm }, /too late/],
  ])('is refused %s', (_, state, payload, why) => {
    const decision = decide(state, 'restore', payload);

    expect(decision.outcome).toBe('refused');
    expect(decision.message).toMatch(why);
  });
});
