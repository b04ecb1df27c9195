import { describe, expect, it } from 'vitest';
import { statusOf } from '#src/model/status.js';
import { running } from './health/state.js';

describe('the nodes of a status', () => {
  it('are in the order of the document, servers first, whichever was launched first', () => {
    const state = running();
    const late = { ...state, slots: Object.fromEntries(Object.entries(state.slots).reverse()) };

    const names = (of: typeof state) => statusOf(of).nodes.map(({ slot }) => slot);
    expect(names(late)).toEqual(names(state));
    expect(names(late)[0]).toBe('server-0');
  });
});
