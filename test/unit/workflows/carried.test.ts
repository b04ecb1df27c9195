import { deflateSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { blankState } from '#src/model/blank-state.js';
import { pack, unpack } from '#src/workflows/cluster/state/pack.js';
import { documentOf } from '../model/plan/documents.js';

const state = { ...blankState(documentOf()), uid: 'u-1', requestedBy: 'Jörg 🚢' };

describe('carried state', () => {
  it('comes out as it went in', () => {
    expect(unpack(pack(state))).toEqual(state);
  });

  it('is read from what another implementation of the format has packed', () => {
    expect(unpack(deflateSync(JSON.stringify(state)))).toEqual(state);
  });

  it('is brought to the present shape', () => {
    const { unavailableTypes: _later, ...earlier } = state;
    expect(unpack(deflateSync(JSON.stringify(earlier)))).toEqual(state);
  });

  it.each([
    { what: 'nothing', bytes: new Uint8Array() },
    { what: 'other bytes', bytes: new Uint8Array([1, 2, 3]) },
  ])('refuses $what', ({ bytes }) => {
    expect(() => unpack(bytes)).toThrow();
  });
});
