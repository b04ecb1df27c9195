import { describe, expect, it } from 'vitest';
import type { NodeObservation } from '#src/model/observation.js';
import { observeGate, quorumOf, seenTwice } from '#src/model/quorum.js';
import type { Slot } from '#src/model/state.js';

type ServerSlot = Pick<Slot, 'name' | 'nodeName'>;

const slot = (index: number): ServerSlot => ({ name: `server-${index}`, nodeName: `demo-server-${index}-g1` });

const node = (index: number, fields: Partial<NodeObservation> = {}): NodeObservation => ({
  name: `demo-server-${index}-g1`,
  ready: true,
  voter: true,
  version: 'v1.34.2+k3s1',
  schedulable: true,
  internalIp: `10.0.0.${index}`,
  ...fields,
});

const servers = [slot(0), slot(1), slot(2)];
const all = [node(0), node(1), node(2)];

describe('quorum gate', () => {
  it('opens when every slot votes, none is a stale node, and one may fail', () => {
    expect(observeGate(servers, [...all, node(9, { name: 'demo-workers-0-g1', voter: null })])).toEqual({
      open: true,
      reasons: [],
    });
  });

  it.each<[string, ServerSlot[], NodeObservation[], RegExp]>([
    ['a member is missing', servers, all.slice(1), /server-0: demo-server-0-g1 is not a member/],
    ['one is a learner', servers, [node(0, { voter: false }), node(1), node(2)], /server-0: .* is a learner/],
    ['one is not Ready', servers, [node(0, { ready: false }), node(1), node(2)], /server-0: .* is not Ready/],
    [
      'there is a stale node',
      servers,
      [...all, node(3, { name: 'demo-server-0-g0' })],
      /demo-server-0-g0 is a member without a slot/,
    ],
    ['there is one server only', [slot(0)], [node(0)], /1 of 1 vote: none can be spared/],
    ['nothing was seen', servers, [], /0 of 3 vote/],
  ])('stays closed while %s', (_what, slots, nodes, reason) => {
    // Act
    const gate = observeGate(slots, nodes);
    // Assess
    expect(gate.open).toBe(false);
    expect(gate.reasons.join('\n')).toMatch(reason);
  });

  it.each([
    ['a server that is still joining', 'demo-server-2-g1', [slot(0), slot(1)], all.slice(0, 2)],
    ['one whose Node someone has deleted', 'demo-server-0-g0', servers, all],
    ['one that was added and has never started', '10.0.0.9', servers, all],
  ])('stays closed while etcd lists a member without a Node: %s', (_, stray, slots, nodes) => {
    expect(observeGate(slots, nodes, null, [stray])).toMatchObject({ open: false });
    expect(observeGate(slots, nodes, null, [stray]).reasons).toContain(`etcd member ${stray} has no Node`);
  });

  it('does not wait for the member of the very server that is to be taken down', () => {
    expect(observeGate(servers, [node(0), node(2)], 'server-1', ['demo-server-1-g1']).open).toBe(true);
  });

  it.each([
    ['is not Ready', [node(0), node(1, { ready: false }), node(2)], true],
    ['does not vote', [node(0), node(1, { voter: false }), node(2)], true],
    ['is no member any more', [node(0), node(2)], true],
    ['is not Ready, and another one neither', [node(0), node(1, { ready: false }), node(2, { ready: false })], false],
    ['is not Ready, and there is a stale node', [node(0), node(1, { ready: false }), node(2), node(9)], false],
  ])('leaves out a server that is to be taken down because it %s', (_, nodes, open) => {
    expect(observeGate(servers, nodes, 'server-1').open).toBe(open);
  });

  it('is closed for the only one that is left, well or not', () => {
    expect(observeGate(servers.slice(0, 1), [node(0, { ready: false })], 'server-0').open).toBe(false);
  });

  it('wants to be seen open twice, apart from each other, without a closed look between', () => {
    // Prepare
    const [open, closed] = [observeGate(servers, all), observeGate(servers, [])];
    const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`;
    let memory: { openSince: string | null } = { openSince: null };
    const looks: [typeof open, number][] = [
      [open, 0],
      [open, 1],
      [closed, 2],
      [open, 3],
      [open, 9],
    ];
    // Act
    const results = looks.map(([look, second]) => {
      const seen = seenTwice(memory, look, at(second), 5_000);
      memory = seen.memory;
      return seen.open;
    });
    // Assess
    expect(results).toEqual([false, false, false, false, true]);
  });

  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
  ])('of %i members needs %i', (members, quorum) => {
    expect(quorumOf(members)).toBe(quorum);
  });
});
