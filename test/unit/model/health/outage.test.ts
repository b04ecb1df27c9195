import { describe, expect, it } from 'vitest';
import { outageOf } from '#src/model/health/outage.js';
import type { ClusterState } from '#src/model/state.js';
import { change, deeds, ill, later, planned, running } from './state.js';

const LONG = later(3 * 24 * 60);
const lose = (state: ClusterState, ...names: string[]): ClusterState =>
  names.reduce((one, name) => ill(one, name, 'agent'), state);

describe('agents that are lost together', () => {
  it.each([
    ['two of a zone and a subnet, as behind one NAT gateway', 9, ['workers-0', 'workers-3']],
    ['a third of the cluster', 3, ['server-0', 'workers-1']],
    ['all servers: no one can be asked', 12, ['server-0', 'server-1', 'server-2']],
    ['all of them', 2, ['server-0', 'server-1', 'server-2', 'workers-0', 'workers-1']],
  ])('%s: nothing is rebooted or replaced, and it is reported', (_, agents, names) => {
    const state = lose(running({ agents }), ...names);
    expect(planned(state, LONG)).toMatchObject({ steps: [], blocked: { code: 'AgentsUnreachable' } });
    expect([...(outageOf(state)?.slots ?? [])].sort()).toEqual([...names].sort());
  });

  it('are those of other clusters as well, when they went at about the same time', () => {
    const state = lose(running({ agents: 9 }), 'workers-0');
    expect(deeds(state, LONG)).toEqual(['reboot:workers-0']);
    for (const lostBeside of [
      { zone: 1, subnet: 0 },
      { zone: 0, subnet: 1 },
    ])
      expect(planned(change(state, 'workers-0', { lostBeside }), LONG)).toMatchObject({
        steps: [],
        blocked: { code: 'AgentsUnreachable' },
      });
  });

  it('and one that only the last observation has seen to be lost', () => {
    const once = { text: 't', confirmed: false, since: later(0), pendingSince: later(0) };
    const state = lose(running({ agents: 9 }), 'workers-0');
    expect(planned({ ...state, findings: { ...state.findings, 'workers-3/agent': once } }, LONG)).toMatchObject({
      steps: [],
      blocked: { code: 'AgentsUnreachable' },
    });
  });

  it('do not keep a node of another zone from its reboot', () => {
    const state = lose(running({ agents: 12 }), 'workers-0', 'workers-3', 'workers-1');
    expect(deeds(state, LONG)).toEqual(['reboot:workers-1']);
  });

  it('do not keep a machine from its repair against which EC2 itself holds something', () => {
    const state = ill(
      ill(lose(running({ agents: 9 }), 'workers-0', 'workers-3'), 'workers-0', 'ready'),
      'workers-0',
      'instance-check',
    );
    expect(deeds(state, later(1))).toEqual(['reboot:workers-0']);
  });
});
