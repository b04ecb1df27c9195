import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backupServer } from '#src/model/backup/server.js';
import { plan } from '#src/model/plan/index.js';
import { joinTarget } from '#src/model/plan/wanted.js';
import { decide } from '#src/model/requests/decide.js';
import { restoreOf } from '#src/model/restore/state.js';
import { ROTATIONS, type Rotation } from '#src/model/rotation/state.js';
import type { ClusterState } from '#src/model/state.js';
import { documentOf, shapes } from '../plan/documents.js';
import { settle } from '../plan/settle.js';
import { emptyState, ModelWorld } from '../plan/world.js';

/** A cluster that serves, of whatever shape. */
function serving(shape: Partial<Parameters<typeof documentOf>[0]> = {}, pick = (n: number): number => n - 1) {
  const [base] = fc.sample(shapes, { numRuns: 1, seed: 1 });
  if (base === undefined) throw new Error('no shape');
  const state = emptyState(documentOf({ ...base, mode: 'ha', ...shape, state: 'running' }));
  const world = new ModelWorld();
  settle(world, state, pick);
  return { state, world };
}

function ask(state: ClusterState, what: Rotation): ClusterState {
  const decision = decide(state, 'rotate', { what });
  if (decision.outcome !== 'accepted') throw new Error(decision.message);
  return Object.assign(state, decision.change);
}

describe('the plan of a rotation', () => {
  it('takes a backup first, then restarts one server after the other behind the gate, then the agents', () => {
    const { state } = serving();

    const { kind, steps } = plan(ask(state, 'certificates'));
    const restarts = steps.filter((step) => step.kind === 'start-service');
    const servers = restarts.filter(({ slot }) => slot?.startsWith('server-'));

    expect(kind).toBe('rotate');
    expect(steps[0]).toMatchObject({ kind: 'backup' });
    expect(restarts.map(({ slot }) => slot).sort()).toEqual(Object.keys(state.slots).sort());
    expect(servers.map(({ slot }) => slot)).toEqual(['server-0', 'server-1', 'server-2']);
    for (const { id, slot, title } of servers) {
      expect(steps.find((step) => step.id === id)?.after).toContain(`recheck-quorum:${slot}`);
      expect(title).toBe('restart K3s with the new certificates');
    }
    expect(
      steps.some((step) => step.kind === 'drain'),
      'pods go on while K3s restarts',
    ).toBe(false);
  });

  it('says that a cluster of one server does not answer meanwhile', () => {
    const { state } = serving({ mode: 'dev' });
    const { steps } = plan(ask(state, 'certificates'));
    expect(steps.find((step) => step.id === 'start-service:server-0')).toMatchObject({ disruption: 'cluster' });
  });

  it('ends with every node, interrupted anywhere and between other changes, never more than one server down', () => {
    fc.assert(
      fc.property(
        shapes,
        shapes,
        fc.constantFrom(...ROTATIONS),
        fc.nat(30),
        fc.infiniteStream(fc.nat(1000)),
        (before, after, what, count, stream) => {
          // Prepare
          const pick = (n: number): number => (n === 0 ? 0 : (stream.next().value ?? 0) % n);
          const { state, world } = serving({ ...before, mode: 'ha' }, pick);
          // Act
          ask(state, what);
          world.run(state.document, state, plan(state), pick, count, true);
          state.document = documentOf({ ...after, mode: 'ha', state: 'running' });
          settle(world, state, pick);
          // Assess
          expect(world.alarms).toEqual([]);
          expect(state.rotation).toBeNull();
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('while servers differ', () => {
  const between = (what: Rotation, taken: string[]): ClusterState => {
    const { state } = serving();
    for (const slot of Object.values(state.slots)) slot.agentOnline = true;
    const rotation = { what, ref: 't1', backup: 'b', server: 'server-1#1', ready: true, taken };
    return { ...state, rotation };
  };
  const target = (state: ClusterState) => joinTarget(state)?.name;

  it('nodes join, and backups are taken, where the new token counts', () => {
    expect(target(between('token', []))).toBe('server-1');
    expect(backupServer(between('token', []))?.name).toBe('server-1');
    expect(backupServer(between('token', ['server-1#1', 'server-2#1']))?.name).not.toBe('server-0');
    expect(target(between('agent-token', ['server-2#1']))).toBe('server-2');
    expect(target(between('ca', ['server-1#1']))).toBe('server-1');
    expect(target(between('encryption-key', []))).toBe('server-0');
  });

  it('the server that has made it is the first to start with it', () => {
    const state = between('ca', []);
    const servers = plan(state).steps.filter(
      ({ kind, slot }) => kind === 'start-service' && slot?.startsWith('server-'),
    );
    expect(servers.map(({ slot }) => slot)).toEqual(['server-1', 'server-0', 'server-2']);
  });
});

describe('a request to rotate', () => {
  const { state: idle } = serving();

  it.each<[string, Partial<ClusterState>, unknown, RegExp]>([
    ['of nothing', {}, {}, /rotate wants \{"what": "<one of /],
    ['of what cannot be rotated', {}, { what: 'everything' }, /certificates/],
    ['of a cluster that is stopped', { desiredState: 'stopped' }, { what: 'certificates' }, /keelson start/],
    ['of a cluster that is paused', { paused: true }, { what: 'certificates' }, /keelson resume/],
    ['of a cluster that was never up', { initializedAt: null }, { what: 'certificates' }, /never up/],
    ['of a cluster that is being deleted', { desiredState: 'deleted' }, { what: 'certificates' }, /too late/],
    [
      'while another one is under way',
      { rotation: { what: 'certificates', ref: 't1', backup: null, server: null, ready: true, taken: [] } },
      { what: 'token' },
      /under way/,
    ],
    [
      'while a restore is under way',
      { restore: restoreOf({ ref: 'r1', from: null }) },
      { what: 'certificates' },
      /restore .* under way/,
    ],
  ])('is refused %s', (_, change, payload, why) => {
    const decision = decide({ ...idle, ...change }, 'rotate', payload);

    expect(decision.outcome).toBe('refused');
    expect(decision.message).toMatch(why);
  });

  it('changes nothing when it comes twice', () => {
    const state = ask(structuredClone(idle), 'token');
    expect(decide(state, 'rotate', { what: 'token' })).toMatchObject({ outcome: 'unchanged' });
  });

  it('has no key to rotate where secrets are not encrypted', () => {
    const state = structuredClone(idle);
    state.document.spec.k3s.config['secrets-encryption'] = false;
    expect(decide(state, 'rotate', { what: 'encryption-key' })).toMatchObject({ outcome: 'refused' });
  });

  it('is forgotten by a restore, which brings everything back as it was', () => {
    const state = ask(structuredClone(idle), 'certificates');
    expect(decide(state, 'restore', { confirm: state.document.metadata.name })).toMatchObject({
      change: { rotation: null },
    });
  });
});

describe('a cancel of a rotation', () => {
  const cancel = (state: ClusterState, what: Rotation) => decide(state, 'rotate', { what, cancel: true });

  it('ends that of certificates at any time, and nothing is left to do', () => {
    // Prepare
    const { state } = serving();
    ask(state, 'certificates');
    const { rotation } = state;
    state.rotation = rotation && { ...rotation, backup: '2026-03-01T12-00-00Z', taken: ['server-0#1'] };

    // Act
    const decision = cancel(state, 'certificates');

    // Assess
    expect(decision).toMatchObject({ outcome: 'accepted', change: { rotation: null } });
    if (decision.outcome === 'accepted') Object.assign(state, decision.change);
    expect(plan(state).steps).toEqual([]);
  });

  it.each(ROTATIONS.filter((what) => what !== 'certificates'))(
    'ends that of %s until a server makes what is new, and is refused from then on',
    (what) => {
      // Prepare
      const { state } = serving();
      ask(state, what);
      const asked = state.rotation;

      // Act
      const early = cancel(state, what);
      state.rotation = asked && { ...asked, server: 'server-0#1' };
      const making = cancel(state, what);
      state.rotation = asked && { ...asked, server: 'server-0#1', ready: true };
      const made = cancel(state, what);

      // Assess
      expect(early).toMatchObject({ outcome: 'accepted', change: { rotation: null } });
      for (const late of [making, made])
        expect(late).toMatchObject({
          outcome: 'refused',
          message: expect.stringContaining('server-0#1 makes the new'),
        });
    },
  );

  it('is refused for another one, and does nothing where none is under way', () => {
    const { state } = serving();

    expect(cancel(state, 'ca')).toMatchObject({ outcome: 'unchanged' });
    ask(state, 'token');
    expect(cancel(state, 'ca')).toMatchObject({ outcome: 'refused', message: expect.stringContaining('token') });
    expect(decide(state, 'rotate', { what: 'token', cancel: 'yes' })).toMatchObject({ outcome: 'refused' });
  });
});
