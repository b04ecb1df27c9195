import { describe, expect, it } from 'vitest';
import type { Tagged } from '#src/aws/tagged.js';
import { orphansAmong, type Owner as Workflow } from '#src/cli/orphans/judge.js';
import { monthlyCost } from '#src/cli/orphans/prices.js';
import { orphansText } from '#src/cli/views/orphans.js';
import type { OwnerRecord } from '#src/model/trust/ownership.js';

const instance: Tagged = {
  kind: 'instance',
  id: 'i-1',
  region: 'eu-west-1',
  account: null,
  installation: 'inst-1',
  cluster: 'shop',
  uid: 'uid-1',
  name: 'shop-server-0-g1',
  state: 'running',
  type: 't3.medium',
  sizeGiB: null,
  createdAt: '2026-01-01T00:00:00Z',
};
const volume: Tagged = { ...instance, kind: 'volume', id: 'vol-1', type: 'gp3', sizeGiB: 30, state: 'in-use' };
const group: Tagged = { ...instance, kind: 'security-group', id: 'sg-1', type: '', state: '', createdAt: null };

const HERE = { installation: 'inst-1', namespaceId: 'ns-1' };
const RECORD: OwnerRecord = {
  ...{ ...HERE, namespace: 'default', uid: 'uid-2', firstRunId: 'run-2', generation: 2 },
  ...{ earlier: ['uid-1'], confirmed: [] },
};

const judge = (workflow: Workflow | undefined, record: OwnerRecord | null = RECORD, one = instance) =>
  orphansAmong([one], new Map(workflow === undefined ? [] : [['shop', { workflow, record }]]), HERE);

describe('what carries our tags', () => {
  it.each<[string, Workflow]>([
    ['its workflow is open', { kind: 'open', uid: 'uid-1', decided: true }],
    ['a workflow of the name is open that may still adopt it', { kind: 'open', uid: 'uid-2', decided: false }],
    ['a workflow of the name is open and does not answer', { kind: 'silent' }],
  ])('is no orphan while %s', (_, owner) => {
    expect(judge(owner)).toEqual([]);
  });

  it.each([
    [true, []],
    [false, [{ id: 'i-1', why: 'of a drill that does not run any more', known: true }]],
  ])('of a drill is not an orphan while one of its cluster runs: %s', (drills, found) => {
    const owner: Workflow = { kind: 'open', uid: 'uid-1', decided: true, drills };
    expect(judge(owner, RECORD, { ...instance, ofDrill: true })).toMatchObject(found);
    expect(judge(owner)).toEqual([]);
  });

  it('is none when no one was asked', () => {
    expect(judge(undefined)).toEqual([]);
  });

  it.each<[string, Workflow, string, boolean]>([
    [
      'another life has the name',
      { kind: 'open', uid: 'uid-2', decided: true },
      'of an earlier life of the name',
      true,
    ],
    ['its workflow was terminated', { kind: 'ended', status: 'TERMINATED', at: null }, 'workflow terminated', true],
    ['this namespace no longer remembers', { kind: 'never' }, 'no workflow known here', true],
  ])('is an orphan where %s', (_, owner, why, known) => {
    expect(judge(owner)).toMatchObject([{ id: 'i-1', why, known }]);
  });

  const ENDED: Workflow = { kind: 'ended', status: 'TERMINATED', at: null };
  const OPEN: Workflow = { kind: 'open', uid: 'uid-2', decided: true };

  it.each<[string, Workflow, OwnerRecord | null, string]>([
    ['no record says whose it is', ENDED, null, 'workflow terminated, and no record has its uid'],
    [
      'the record is of other lives of the name',
      OPEN,
      { ...RECORD, earlier: [] },
      'of an earlier life of the name, and no record has its uid',
    ],
    [
      'another namespace owns the name',
      OPEN,
      { ...RECORD, namespace: 'staging', namespaceId: 'ns-2' },
      'the Temporal namespace staging owns the name',
    ],
  ])('may be looked after by others where %s', (_, workflow, record, why) => {
    expect(judge(workflow, record)).toMatchObject([{ why, known: false }]);
  });

  it('may be managed by others where it is of another installation, whatever is known of the name', () => {
    const theirs = { ...instance, installation: 'inst-2' };
    expect(judge(ENDED, RECORD, theirs)).toMatchObject([{ why: 'of the installation inst-2', known: false }]);
  });
});

describe('the monthly cost', () => {
  const prices = { instances: { 't3.medium': 0.05 }, volumes: { gp3: 0.1 } };

  it('is 730 hours of an instance that runs, nothing of one that is stopped', () => {
    expect(monthlyCost(instance, prices)).toBeCloseTo(36.5);
    expect(monthlyCost({ ...instance, state: 'stopped' }, prices)).toBe(0);
  });

  it('is by size of a volume, nothing of a group', () => {
    expect(monthlyCost(volume, prices)).toBeCloseTo(3);
    expect(monthlyCost(group, prices)).toBe(0);
  });

  it('is unknown where there is no price', () => {
    expect(monthlyCost({ ...instance, type: 'm9.huge' }, prices)).toBeNull();
    expect(monthlyCost({ ...volume, type: 'io9' }, prices)).toBeNull();
  });
});

describe('the table of orphans', () => {
  const now = Date.parse('2026-01-03T02:00:00Z');
  const orphans = [group, volume, instance].map((one) => ({ ...one, why: 'workflow terminated', known: true }));

  it('shows instances first, with type, size and age, and no cost that no one knows', () => {
    const text = orphansText(
      orphans.map((one) => ({ ...one, monthly: null })),
      false,
      now,
    );

    expect(text.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['REGION', 'CLUSTER', 'UID', 'KIND', 'ID', 'WHAT', 'STATE', 'AGE', 'WHY'],
      ['eu-west-1', 'shop', 'uid-1', 'instance', 'i-1', 't3.medium', 'running', '2d2h', 'workflow terminated'],
      ['eu-west-1', 'shop', 'uid-1', 'volume', 'vol-1', '30 GiB gp3', 'in-use', '2d2h', 'workflow terminated'],
      ['eu-west-1', 'shop', 'uid-1', 'security-group', 'sg-1', '-', '-', '-', 'workflow terminated'],
    ]);
  });

  it('adds the cost up where prices were given, and says what has none', () => {
    const text = orphansText(
      orphans.map((one) => ({ ...one, monthly: one.kind === 'instance' ? 36.5 : null })),
      true,
      now,
    );

    expect(text).toContain('MONTHLY');
    expect(text).toContain('total 36.50 a month, and 2 without a price');
  });

  it('says so when there are none', () => {
    expect(orphansText([], false)).toMatch(/^no orphans/);
  });
});
