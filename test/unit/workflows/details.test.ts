import { describe, expect, it } from 'vitest';
import type { Condition } from '#src/model/state.js';
import type { NodeStatus } from '#src/model/status.js';
import { detailsOf } from '#src/workflows/cluster/status/web-ui.js';
import { failure, operation, statusView, step } from '../cli/status.js';

const AT = '2026-03-01T12:00:00.000Z';
const NOW = Date.parse('2026-03-01T12:00:10.000Z');

const condition = (type: string, status: Condition['status'], message = ''): Condition => ({
  type,
  status,
  reason: 'R',
  message,
  hint: '',
  since: AT,
  lastProbeTime: AT,
});

const node = (index: number, ready: NodeStatus['ready'] = 'True'): NodeStatus => ({
  slot: `workers-${index}`,
  role: 'agent',
  name: `shop-workers-${index}-g1`,
  generation: 1,
  instanceId: `i-${index}`,
  instanceType: 't3.large',
  power: 'running',
  zone: 'eu-west-1a',
  privateIp: '10.0.0.1',
  publicIp: null,
  k3s: 'v1.34.2+k3s1',
  ready,
  voter: '-',
  doing: null,
});

describe("the Web UI's details", () => {
  it('name the cause, what Keelson does and what to do before all else', () => {
    const lastError = failure({ code: 'InsufficientInstanceCapacity', message: 'no t3.large', hint: 'another type' });
    const status = statusView({ operation: operation({ id: 'op-1' }), lastError });

    const lines = detailsOf(status, NOW)
      .split('\n')
      .filter((line) => line !== '');

    expect(lines[1]).toMatch(/^\*\*InsufficientInstanceCapacity\*\*: no t3\.large \(since /);
    expect(lines[2]).toMatch(/^- Keelson /);
    expect(lines[3]).toMatch(/^- To do: .*another type/);
  });

  it('say how long a step usually takes, by runs of the cluster', () => {
    // Prepare
    const past = step({ startedAt: '2026-03-01T11:00:00.000Z', endedAt: '2026-03-01T11:00:09.500Z', outcome: 'done' });
    const before = operation({ id: 'op-0', outcome: 'done', steps: [past] });
    const status = statusView({ operations: [before], operation: operation({ steps: [step()] }) });

    // Assess
    expect(detailsOf(status, NOW)).toContain('- server-1: join as server, since 12:00:00Z (usually 10 s)');
  });

  it('name what is done on a node once, in the order of the nodes, and the day of a time where it is another one', () => {
    // Prepare
    const steps = [1, 0].map((at) => step({ id: `join:${at}`, slot: `workers-${at}`, title: 'join as agent' }));
    const nodes = [0, 1].map((at) => ({ ...node(at, 'Unknown'), doing: 'join as agent' }));
    const status = statusView({ operation: operation({ steps }), nodes, conditions: [] });

    // Act
    const today = detailsOf(status, NOW).split('\n');
    const tomorrow = detailsOf(status, NOW + 86_400_000);

    // Assess
    expect(today.filter((line) => line.includes('join as agent'))).toEqual([
      '- workers-0: join as agent, since 12:00:00Z',
      '- workers-1: join as agent, since 12:00:00Z',
    ]);
    expect(tomorrow).toContain('- workers-0: join as agent, since 2026-03-01 12:00:00Z');
  });

  it('show only conditions that fail, and count the others', () => {
    const conditions = [
      condition('Observed', 'True'),
      condition('NodesReady', 'False', '1 of 2 nodes are Ready'),
      condition('DisksFree', 'Unknown'),
    ];

    const details = detailsOf(statusView({ conditions }), NOW);

    expect(details).toContain('| NodesReady | 1 of 2 nodes are Ready | 12:00:00Z |');
    expect(details).not.toContain('DisksFree');
    expect(details).toContain('1 of 3 conditions hold, 1 are not measured now');
  });

  it('show twelve of 500 nodes, those that are not Ready first', () => {
    const nodes = Array.from({ length: 500 }, (_, index) => node(index, index === 321 ? 'False' : 'True'));

    const rows = detailsOf(statusView({ nodes, conditions: [] }), NOW).split('\n');

    const shown = rows.filter((line) => line.startsWith('| shop-'));
    expect(shown).toHaveLength(12);
    // Blanks that stay: columns touch otherwise.
    expect(shown[0]).toBe('| shop-workers-321-g1\u00a0 | not Ready\u00a0 | i-321, t3.large, eu-west-1a, 10.0.0.1 |');
    expect(rows).toContain('and 488 more nodes, 488 of them Ready');
  });

  it('show eight of 500 steps that run side by side', () => {
    const steps = Array.from({ length: 500 }, (_, index) => step({ id: `join:${index}`, slot: `workers-${index}` }));

    const lines = detailsOf(statusView({ operation: operation({ steps }) }), NOW).split('\n');

    expect(lines.filter((line) => line.startsWith('- workers-'))).toHaveLength(8);
    expect(lines).toContain('- and 492 more');
  });

  it('name a person as sender only as what the sender says', () => {
    expect(detailsOf(statusView({ operation: operation({ requestedBy: 'ada' }) }), NOW)).toContain(
      'by ada (as the sender says)',
    );
    expect(detailsOf(statusView({ operation: operation({ requestedBy: 'Keelson' }) }), NOW)).toContain('by Keelson,');
  });
});
