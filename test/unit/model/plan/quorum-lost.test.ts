import { describe, expect, it } from 'vitest';
import { noBackup } from '#src/model/backup/state.js';
import { blankState } from '#src/model/blank-state.js';
import { emptySlot } from '#src/model/empty-slot.js';
import { quorumHangsOn, quorumLost } from '#src/model/plan/quorum-lost.js';
import type { ClusterState } from '#src/model/state.js';
import { nodeInstance } from '../node-instance.js';
import { valid } from '../spec/sample.js';

/** Servers that are members, an agent besides, and slots without an instance. */
function stateWith(servers: number, gone: string[] = []): ClusterState {
  const names = [...Array.from({ length: servers }, (_, index) => `server-${index}`), 'w-0'];
  const slots = names.map((name) => {
    const role = name === 'w-0' ? ('agent' as const) : ('server' as const);
    const slot = emptySlot({ name, role, pool: role === 'agent' ? 'w' : null }, 1, `shop-${name}-g1`);
    return [name, { ...slot, joined: true, instance: gone.includes(name) ? null : nodeInstance(`i-${name}`) }] as const;
  });
  return { ...blankState(valid()), initializedAt: '2026-01-01T00:00:00.000Z', slots: Object.fromEntries(slots) };
}

describe('the quorum', () => {
  it.each<[string, ClusterState, string[], boolean]>([
    ['three servers, one', stateWith(3), ['server-1'], false],
    ['three servers, two', stateWith(3), ['server-1', 'server-2'], true],
    ['three servers, one gone before, one', stateWith(3, ['server-0']), ['server-1'], true],
    ['three servers, one gone before, an agent', stateWith(3, ['server-0']), ['w-0'], false],
    ['two gone before, an agent', stateWith(3, ['server-0', 'server-1']), ['w-0'], false],
    ['the only server', stateWith(1), ['server-0'], true],
    ['a cluster that was never well', { ...stateWith(1), initializedAt: null }, ['server-0'], false],
  ])('hangs on slots or not: %s', (_, state, slots, expected) => {
    expect(quorumHangsOn(state, new Set(slots))).toBe(expected);
  });

  it('is lost when most members are gone, said with what is left', () => {
    expect(quorumLost(stateWith(3, ['server-0']))).toBeNull();
    const said = quorumLost(stateWith(3, ['server-0', 'server-2']));
    expect(said?.message).toContain('shop-server-0-g1, shop-server-2-g1 of 3 members are gone');
    expect(said?.message).toContain('left: shop-server-1-g1 (i-server-1)');
    // K3s refuses the reset otherwise. [k3s source: pkg/cli/server]
    expect(said?.hint).toMatch(/delete the line `server:` .*--cluster-reset.*docs\/how-to\/repair-a-cluster\.md/);
  });

  it('counts the node that a slot had before as long as it is to be removed', () => {
    const state = stateWith(5, ['server-2']);
    for (const name of ['server-0', 'server-1']) {
      const slot = state.slots[name];
      if (slot !== undefined)
        Object.assign(slot, { nodeName: `shop-${name}-g2`, joined: false, departing: slot.nodeName });
    }

    expect(quorumLost(state)?.message).toContain(
      'shop-server-0-g1, shop-server-1-g1, shop-server-2-g1 of 5 members are gone',
    );
  });

  it('names the one command that restores, with the age of the newest backup, also when no server is left', () => {
    const backup = { ...noBackup(), at: '2026-01-02T10:00:00.000Z', id: '2026-01-02T10-00-00Z' };
    const checkedAt = '2026-01-02T10:35:00.000Z';
    for (const gone of [
      ['server-0', 'server-2'],
      ['server-0', 'server-1', 'server-2'],
    ]) {
      const said = quorumLost({ ...stateWith(3, gone), backup, checkedAt });
      expect(said?.hint).toContain('keelson restore demo --wait');
      expect(said?.hint).toContain('35 minutes old');
    }
    expect(quorumLost(stateWith(3, ['server-0', 'server-1', 'server-2']))?.hint).toContain('no backup');
  });
});
