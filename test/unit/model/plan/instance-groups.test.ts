import { describe, expect, it } from 'vitest';
import { conditionsOf } from '#src/model/checks.js';
import type { InstanceObservation } from '#src/model/observation.js';
import { plan } from '#src/model/plan/index.js';
import { absorb } from '#src/model/plan/observe.js';
import { decide } from '#src/model/requests/decide.js';
import type { ClusterDocument } from '#src/model/spec/schema.js';
import type { ClusterState, Slot } from '#src/model/state.js';
import { pool, valid } from '../spec/sample.js';
import { settle } from './settle.js';
import { emptyState, ModelWorld } from './world.js';

const EXTRA = 'sg-0a1b2c3d4e5f60718';
const OTHER = 'sg-0f1e2d3c4b5a69788';
const AT = '2026-01-01T12:00:00.000Z';
const document = valid({ pools: [pool()] });
const withExtra = valid({ pools: [pool()], network: { extraSecurityGroupIds: [EXTRA] } });

/** A cluster that runs as its document asks, in the groups sg-server and sg-agent. */
function running(of: ClusterDocument): ClusterState {
  const world = new ModelWorld();
  const state = emptyState(of);
  settle(world, state, () => 0);
  expect(world.alarms).toEqual([]);
  for (const slot of Object.values(state.slots)) slot.measured = { instance: AT };
  return { ...state, operation: null };
}

const withSlot = (state: ClusterState, name: string, change: Partial<Slot>): ClusterState => ({
  ...state,
  slots: { ...state.slots, [name]: { ...(state.slots[name] as Slot), ...change } },
});

/** What EC2 shows: the instances as they are known, one of them in these groups. */
function seen(state: ClusterState, name: string, groups: string[] | undefined): InstanceObservation[] {
  return Object.values(state.slots).flatMap((slot): InstanceObservation[] => {
    if (slot.instance === null) return [];
    const { power, untagged: _, ...instance } = slot.instance;
    const shown = slot.name === name ? groups : (slot.groups ?? undefined);
    const view = { ...instance, slot: slot.name, generation: slot.generation, state: power };
    return [{ ...view, ...(shown !== undefined && { groups: shown }) }];
  });
}

const observing = (state: ClusterState, name: string, groups: string[] | undefined, at = AT): ClusterState =>
  absorb(state, { at, instances: seen(state, name, groups) });

const setting = (state: ClusterState) => plan(state).steps.filter(({ kind }) => kind === 'set-groups');
const condition = (state: ClusterState) => conditionsOf(state).find(({ type }) => type === 'InstanceGroupsInSync');

describe('the groups of an instance that someone has changed by hand', () => {
  it.each<[string, ClusterDocument, string, string[], string]>([
    ['taken out of its group', document, 'server-1', ['sg-default'], 'sg-server, and out of sg-default'],
    ['put into one more', document, 'server-0', [OTHER, 'sg-server'], `sg-server, and out of ${OTHER}`],
    ['an agent among the servers', document, 'workers-0', ['sg-server'], 'sg-agent, and out of sg-server'],
    ['taken out of a group of the document', withExtra, 'workers-1', ['sg-agent'], `sg-agent, ${EXTRA}`],
  ])('are set again: %s', (_, of, name, groups, into) => {
    // Prepare
    const state = running(of);
    const id = state.slots[name]?.instance?.id;

    // Act
    const changed = observing(state, name, groups);

    // Assess
    const next = plan(changed);
    expect(next).toMatchObject({
      kind: 'repair',
      reason: `${name}: someone has changed its groups by hand`,
      steps: [{ id: `set-groups:${name}`, title: `put ${id} into ${into}`, disruption: 'none', after: [] }],
    });
    expect(condition(changed)).toMatchObject({ status: 'False', reason: 'Some', slots: [name] });
    expect(condition(changed)?.message).toMatch(
      /; \S+: someone has changed its groups by hand: i-\d+ is (not )?in sg-/,
    );
    expect(plan(state).steps).toEqual([]);
    expect(condition(state)).toMatchObject({ status: 'True' });
  });

  it('are set again without autoRepair, and while the cluster is stopped', () => {
    const careful = valid({ health: { autoRepair: false } });
    const stopped: ClusterState = { ...running(careful), desiredState: 'stopped' };
    for (const slot of Object.values(stopped.slots))
      Object.assign(slot, { service: 'stopped', instance: { ...slot.instance, power: 'stopped' } });

    const mended = plan(observing(running(careful), 'server-0', ['sg-default']));
    const asleep = plan(observing(stopped, 'server-0', ['sg-default']));

    for (const next of [mended, asleep])
      expect(next).toMatchObject({ kind: 'repair', steps: [{ id: 'set-groups:server-0' }] });
    expect(mended.blocked).toBeUndefined();
  });

  it('count when EC2 has had the time to show what Keelson has set, and not before', () => {
    // Prepare
    const given = { ids: ['sg-server'], at: AT };
    const state = withSlot(running(document), 'server-0', { groups: ['sg-server'], givenGroups: given });

    // Act
    const soon = observing(state, 'server-0', ['sg-default'], '2026-01-01T12:00:13.000Z');
    const late = observing(state, 'server-0', ['sg-default'], '2026-01-01T12:00:26.000Z');

    // Assess
    expect(setting(soon)).toEqual([]);
    expect(setting(late).map(({ slot }) => slot)).toEqual(['server-0']);
  });

  it('stay as known where EC2 shows none', () => {
    expect(observing(running(document), 'server-0', undefined).slots['server-0']?.groups).toEqual(['sg-server']);
  });
});

describe('groups that AWS refuses', () => {
  it('are told, and not tried again until someone says retry or the document asks for others', () => {
    // Prepare
    const changed = observing(running(document), 'server-0', ['sg-default']);
    const id = changed.slots['server-0']?.instance?.id ?? '';
    const refused = { ...changed, refusedGroups: { [id]: { ids: ['sg-server'], message: 'not authorized' } } };

    // Act
    const retried = decide(refused, 'retry', {});

    // Assess
    expect(plan(refused).steps).toEqual([]);
    expect(condition(refused)).toMatchObject({
      status: 'False',
      message: expect.stringContaining('and AWS refuses the change: not authorized'),
    });
    expect(setting({ ...refused, document: withExtra }).map(({ slot }) => slot)).toContain('server-0');
    const change = retried.outcome === 'accepted' ? retried.change : {};
    expect(setting({ ...refused, ...change })).toHaveLength(1);
  });
});

describe('further security groups of the document', () => {
  it('are given to instances that exist, and removed again, without a restart', () => {
    // Prepare
    const before = running(document);
    const given = running(withExtra);

    // Act
    const gets = plan({ ...before, document: withExtra });
    const loses = plan({ ...given, document });

    // Assess
    for (const next of [gets, loses]) {
      expect(next.kind).toBe('update');
      const steps = next.steps.filter(({ kind }) => kind === 'set-groups');
      expect(steps.map(({ slot }) => slot)).toEqual(Object.keys(before.slots));
      expect(steps[0]).toMatchObject({ disruption: 'none', reason: 'the document names other groups' });
    }
    expect(condition({ ...before, document: withExtra })).toMatchObject({ status: 'Unknown' });
  });

  it('that are the cluster’s own count once', () => {
    const state = running(withExtra);
    const own = state.securityGroups && { ...state.securityGroups, server: { id: EXTRA, rules: null } };

    const steps = setting(observing({ ...state, securityGroups: own }, 'server-0', [EXTRA]));

    expect(steps.map(({ slot }) => slot)).toEqual(['server-1', 'server-2']);
  });
});

describe('an adopted instance', () => {
  it('stays in the groups that it has where they are those of the document, and is put into them where not', () => {
    // Prepare
    const { givenGroups: _, ...adopted } = running(document).slots['server-0'] as Slot;
    const state = { ...running(document), slots: { ...running(document).slots, 'server-0': adopted } };

    // Act
    const other = observing(state, 'server-0', ['sg-older']);

    // Assess
    expect(setting(state)).toEqual([]);
    expect(setting(other)).toMatchObject([{ reason: 'it is in other groups than the document names' }]);
    const unknown = withSlot(state, 'server-0', { groups: null });
    expect(setting(unknown)).toEqual([]);
    expect(condition(unknown)).toMatchObject({ status: 'Unknown' });
  });
});
