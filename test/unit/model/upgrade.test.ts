import { describe, expect, it } from 'vitest';
import { blankState } from '#src/model/blank-state.js';
import { upgradeState } from '#src/model/upgrade.js';
import { documentOf } from './plan/documents.js';

describe('upgradeState', () => {
  it('keeps what was carried and fills in what came later', () => {
    const { unavailableTypes: _later, ...earlier } = { ...blankState(documentOf()), uid: 'u-1', jobCount: 7 };
    expect(upgradeState(earlier)).toEqual({ ...blankState(documentOf()), uid: 'u-1', jobCount: 7 });
  });

  it('refuses the state of a newer program', () => {
    const newer = { ...blankState(documentOf()), schemaVersion: 2 as 1 };
    expect(() => upgradeState(newer)).toThrow(/schema version 2/);
  });
});
