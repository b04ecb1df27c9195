import { describe, expect, it } from 'vitest';
import { conditionsOf } from '#src/model/checks.js';
import { plan } from '#src/model/plan/index.js';
import { decide } from '#src/model/requests/decide.js';
import { type OwnGroups, rulesFingerprint } from '#src/model/security-groups/own-groups.js';
import type { ClusterDocument } from '#src/model/spec/schema.js';
import type { ClusterState } from '#src/model/state.js';
import { pool, valid } from '../spec/sample.js';
import { settle } from './settle.js';
import { emptyState, groupsAsAsked, ModelWorld } from './world.js';

const open = (...apiCidrs: string[]): ClusterDocument => valid({ access: { apiCidrs } });

/** A cluster that runs as its document asks. */
function running(document: ClusterDocument): ClusterState {
  const world = new ModelWorld();
  const state = emptyState(document);
  settle(world, state, () => 0);
  expect(world.alarms).toEqual([]);
  return { ...state, operation: null };
}

/** With other rules than Keelson has set. */
function changed(state: ClusterState, change: (groups: OwnGroups) => Partial<OwnGroups>): ClusterState {
  const groups = state.securityGroups ?? groupsAsAsked(state.document);
  return { ...state, securityGroups: { ...groups, ...change(groups) } };
}

const without = (groups: OwnGroups, role: 'server' | 'agent', key: string): Partial<OwnGroups> => ({
  [role]: { ...groups[role], rules: groups[role]?.rules?.filter((one) => one !== key) ?? null },
});
const withRule = (groups: OwnGroups, role: 'server' | 'agent', key: string): Partial<OwnGroups> => ({
  [role]: { ...groups[role], rules: [...(groups[role]?.rules ?? []), key] },
});
const condition = (state: ClusterState) => conditionsOf(state).find(({ type }) => type === 'GroupRulesInSync');

describe('the rules of the security groups', () => {
  it('change with the document, on a cluster that runs, and disrupt nothing', () => {
    // Prepare
    const state = running(open('0.0.0.0/0'));
    const document = open('10.0.0.0/8');

    // Act
    const next = plan({ ...state, document });

    // Assess
    expect(next.kind).toBe('update');
    expect(next.steps).toMatchObject([
      {
        id: 'security-group',
        title: 'security groups: servers: open 6443/tcp from 10.0.0.0/8, close 6443/tcp from 0.0.0.0/0',
        disruption: 'none',
        after: [],
      },
    ]);
    expect(plan(state).steps).toEqual([]);
  });

  it('are those of servers alone until the document names a pool, whose agents wait for their group', () => {
    const state = running(open());
    const document = valid({ pools: [pool()] });

    const { steps } = plan({ ...state, document });

    expect(state.securityGroups?.agent).toBeNull();
    expect(steps.find(({ kind }) => kind === 'security-group')?.title).toBe('make the security group of the agents');
    const launches = steps.filter(({ kind }) => kind === 'launch');
    expect(launches).toHaveLength(2);
    for (const { after } of launches) expect(after).toContain('security-group');
  });

  it('of agents stay when the last pool goes', () => {
    const state = running(valid({ pools: [pool()] }));
    const document = open();
    const without = { ...state, document, slots: { ...running(document).slots } };

    const set = { ...without, securityGroups: groupsAsAsked(document, state.securityGroups) };

    expect(set.securityGroups.agent).not.toBeNull();
    expect(plan(set).steps.filter(({ kind }) => kind === 'security-group')).toEqual([]);
    expect(condition(set)).toMatchObject({ status: 'True' });
  });

  it('change with the document while the cluster is stopped', () => {
    const state: ClusterState = { ...running(open()), desiredState: 'stopped' };
    for (const slot of Object.values(state.slots)) Object.assign(slot, { service: 'stopped', agentOnline: false });
    for (const slot of Object.values(state.slots))
      slot.instance = slot.instance && { ...slot.instance, power: 'stopped' };
    const document = open('10.0.0.0/8');

    const next = plan({ ...state, document });

    expect(next).toMatchObject({ kind: 'update', steps: [{ kind: 'security-group' }] });
  });

  it.each<[string, (groups: OwnGroups) => Partial<OwnGroups>, string]>([
    [
      'a rule that someone has closed',
      (groups) => without(groups, 'server', '6443/tcp from 10.0.0.0/8'),
      'security groups: servers: open 6443/tcp from 10.0.0.0/8',
    ],
    [
      'a port that someone has opened',
      (groups) => withRule(groups, 'agent', '22/tcp from 0.0.0.0/0'),
      'security groups: agents: close 22/tcp from 0.0.0.0/0',
    ],
    [
      'etcd opened to agents',
      (groups) => withRule(groups, 'server', '2379-2380/tcp from sg-agent'),
      'security groups: servers: close 2379-2380/tcp from sg-agent',
    ],
    [
      'the way out that someone has closed',
      (groups) => without(groups, 'server', 'all to 0.0.0.0/0'),
      'security groups: servers: open all to 0.0.0.0/0',
    ],
  ])('are set again after a change by hand: %s, also without autoRepair', (_, change, title) => {
    const document = valid({ pools: [pool()], access: { apiCidrs: ['10.0.0.0/8'] }, health: { autoRepair: false } });
    const state = changed(running(document), change);

    const next = plan({ ...state, document });

    expect(next).toMatchObject({ kind: 'repair', steps: [{ kind: 'security-group', title }] });
    expect(next.blocked).toBeUndefined();
    expect(condition(state)).toMatchObject({ status: 'False', reason: 'Differs' });
  });

  it('are compared where no one has looked yet', () => {
    const document = open();
    const state = changed(running(document), ({ server }) => ({ server: { ...server, rules: null }, setFor: null }));

    expect(plan({ ...state, document }).steps).toMatchObject([{ title: 'compare the rules of the security groups' }]);
    expect(condition(state)).toMatchObject({ status: 'Unknown' });
  });

  it('that AWS refuses are not tried again until the document changes or someone says retry', () => {
    // Prepare
    const document = open('10.0.0.0/8');
    const refused = { for: rulesFingerprint(document), message: 'no room' };
    const state: ClusterState = { ...changed(running(open()), () => ({ refused })), document };
    const other = open('10.1.0.0/16');

    // Act
    const retried = decide(state, 'retry', {});

    // Assess
    expect(plan({ ...state, document }).steps).toEqual([]);
    expect(condition(state)).toMatchObject({
      status: 'False',
      reason: 'Refused',
      message: expect.stringMatching(/no room/),
    });
    expect(plan({ ...state, document: other }).steps).toHaveLength(1);
    const change = retried.outcome === 'accepted' ? retried.change : {};
    expect(plan({ ...state, ...change, document }).steps).toHaveLength(1);
  });

  it('are no one else’s business: with groups of its own the document has them alone', () => {
    const document = valid({ network: { securityGroupIds: ['sg-12345678'] } });
    const state = running(document);

    expect(state.securityGroups).toBeNull();
    expect(condition(state)).toBeUndefined();
  });

  it('beyond the default quota are said to need a higher one before they are tried', () => {
    const many = open(...Array.from({ length: 60 }, (_, index) => `10.${index}.0.0/16`));
    const step = plan({ ...emptyState(many), document: many }).steps.find(({ kind }) => kind === 'security-group');
    expect(step?.reason).toMatch(/61 rules need a higher quota/);
  });
});
