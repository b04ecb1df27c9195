import { describe, expect, it } from 'vitest';
import { stepsToBegin } from '#src/model/plan/budget.js';
import { plan, type Step } from '#src/model/plan/index.js';
import { parseDocument } from '#src/model/spec/parse.js';
import type { ClusterDocument } from '#src/model/spec/schema.js';
import type { ClusterState } from '#src/model/state.js';
import { valid } from '../spec/sample.js';
import { settle } from './settle.js';
import { emptyState, ModelWorld } from './world.js';

const first = (): number => 0;

interface Asked {
  pools: Record<string, number>;
  maxUnavailable?: number | string;
  type?: string;
  version?: string;
  log?: string;
}

function asked({ pools, maxUnavailable = 1, type = 't3.large', version = 'v1.34.1+k3s1', log }: Asked) {
  return valid({
    mode: 'dev',
    pools: Object.entries(pools).map(([name, count]) => ({ name, count, instanceType: type })),
    k3s: { version, config: log === undefined ? {} : { 'kubelet-arg': [log] } },
    upgrade: { maxUnavailable },
  });
}

/** The state of a cluster that runs what the document asks for. */
function running(document: ClusterDocument): ClusterState {
  const state = emptyState(document);
  settle(new ModelWorld(), state, first);
  return state;
}

const agentSteps = ({ steps }: { steps: Step[] }): Step[] => steps.filter((step) => step.budget !== undefined);

/** Carries the plan out in the time that its steps take. @returns how long it took, and how many agents of each budget were away at the most */
function schedule(steps: readonly Step[], secondsOf: (step: Step) => number) {
  const [begun, done] = [new Set<string>(), new Set<string>()];
  const left = new Map<string | null, number>();
  for (const { slot, budget } of steps) if (budget !== undefined) left.set(slot, (left.get(slot) ?? 0) + 1);
  const away = new Map<string, Set<string>>();
  const most = new Map<string, number>();
  const ends = new Map<Step, number>();
  let now = 0;
  for (;;) {
    for (const step of stepsToBegin(steps, begun, done)) {
      begun.add(step.id);
      ends.set(step, now + secondsOf(step));
      if (step.budget === undefined) continue;
      const slots = (away.get(step.budget.name) ?? new Set()).add(step.slot ?? '');
      away.set(step.budget.name, slots);
      most.set(step.budget.name, Math.max(most.get(step.budget.name) ?? 0, slots.size));
    }
    const [next] = [...ends].sort(([, a], [, b]) => a - b);
    if (next === undefined) break;
    const [step, end] = next;
    ends.delete(step);
    now = end;
    done.add(step.id);
    if (step.budget === undefined) continue;
    left.set(step.slot, (left.get(step.slot) ?? 0) - 1);
    if (left.get(step.slot) === 0) away.get(step.budget.name)?.delete(step.slot ?? '');
  }
  expect(done.size).toBe(steps.length);
  return { seconds: now, most };
}

describe('another type for a pool', () => {
  it('is the reason that the plan names, with the empty slots; the address of the API stays', () => {
    // Prepare
    const state = running(asked({ pools: { workers: 2 } }));
    state.document = asked({ pools: { workers: 3 }, type: 't3.xlarge' });

    // Act
    const { reason, steps } = plan(state);

    // Assess
    expect(reason).toBe('the slot is empty; its type is t3.large, t3.xlarge is wanted');
    expect(steps.map(({ kind }) => kind)).not.toContain('publish');
  });
});

/**
 * Carries a change out in the time that its steps take, and plans again each `every` seconds from the facts of that moment, as each new history of
 * the workflow does; steps under way go on meanwhile.
 *
 * @returns how long it took, and what a world saw that must never happen
 */
function scheduleAcross(state: ClusterState, secondsOf: (step: Step) => number, every: number) {
  const world = new ModelWorld();
  const running = new Map<string, { step: Step; end: number }>();
  let now = 0;
  for (let renewal = every; ; renewal += every) {
    const { steps } = plan(state);
    if (steps.length === 0) return { seconds: now, alarms: world.alarms };
    const [begun, done] = [new Set<string>(), new Set<string>()];
    while (done.size < steps.length) {
      for (const step of stepsToBegin(steps, begun, done)) {
        begun.add(step.id);
        if (step.kind === 'drain') Object.assign(state.slots[step.slot ?? ''] ?? {}, { cordoned: true });
        running.set(step.id, { step, end: running.get(step.id)?.end ?? now + secondsOf(step) });
      }
      const [next] = [...running.values()].sort((a, b) => a.end - b.end);
      if (next === undefined || next.end > renewal) break;
      now = next.end;
      running.delete(next.step.id);
      world.perform(state.document, state, next.step, true);
      done.add(next.step.id);
    }
    now = Math.max(now, done.size < steps.length ? renewal : now);
  }
}

describe('a change of many agents', () => {
  it.each([
    ['another type', { type: 'm6i.large' }],
    ['another version', { version: 'v1.34.2+k3s1' }],
    ['another configuration', { log: 'v=3' }],
    ['fewer of them', { pools: { workers: 8 } }],
  ])('takes as many away side by side as maxUnavailable allows: %s', (_what, change) => {
    // Prepare
    const before = { pools: { workers: 20 }, maxUnavailable: 3 };
    const state = running(asked(before));
    state.document = asked({ ...before, ...change });
    // Act
    const { most } = schedule(plan(state).steps, () => 1);
    // Assess
    expect(Object.fromEntries(most)).toEqual({ 'pool/workers': 3 });
  });

  it('counts each pool separately, a share by what the pool has now, and never less than one', () => {
    // Prepare
    const before = { pools: { web: 40, batch: 4 }, maxUnavailable: '10%' };
    const state = running(asked(before));
    state.document = asked({ ...before, pools: { web: 40, batch: 60 }, version: 'v1.34.2+k3s1' });
    // Act
    const { most } = schedule(plan(state).steps, () => 1);
    // Assess
    expect(Object.fromEntries(most)).toEqual({ 'pool/web': 4, 'pool/batch': 1 });
  });

  it('leaves less for what is away already, and brings back first what an earlier try has taken', () => {
    // Prepare
    const before = { pools: { workers: 10 }, maxUnavailable: 3 };
    const state = running(asked(before));
    Object.assign(state.slots['workers-7'] ?? {}, { cordoned: true, drained: true });
    const sick = { text: 'not Ready', confirmed: true, since: '2026-01-01T00:00:00Z', pendingSince: null };
    state.findings = { 'workers-2/ready': sick };
    state.document = asked({ ...before, version: 'v1.34.2+k3s1' });
    // Act
    const steps = agentSteps(plan(state));
    // Assess
    expect(steps[0]).toMatchObject({ slot: 'workers-7', budget: { name: 'pool/workers', most: 2 } });
    expect(steps[0]?.reason).toMatch(/at most 2 of pool workers at the same time/);
  });

  it('starts what an earlier try has installed and not started, for nothing else would', () => {
    // Prepare
    const before = { pools: { workers: 2 } };
    const state = running(asked(before));
    state.document = asked({ ...before, version: 'v1.34.2+k3s1' });
    for (const slot of Object.values(state.slots)) slot.installed = 'v1.34.2+k3s1';
    Object.assign(state.slots['workers-0'] ?? {}, { cordoned: true, drained: true, startDue: true });
    Object.assign(state.slots['workers-1'] ?? {}, { startDue: true });
    // Act
    const steps = agentSteps(plan(state));
    // Assess
    expect(steps.map(({ kind, slot }) => `${slot} ${kind}`)).toEqual([
      'workers-0 start-service',
      'workers-0 uncordon',
      'workers-1 drain',
      'workers-1 start-service',
      'workers-1 uncordon',
    ]);
    expect(steps[0]?.reason).toMatch(/v1\.34\.2\+k3s1 is installed, and its service runs the version before/);
  });

  it('changes 200 agents with maxUnavailable 10% within 1.15 of the shortest way', () => {
    // Prepare: some drains take three times as long
    const before = { pools: { workers: 200 }, maxUnavailable: '10%' };
    const state = running(asked(before));
    state.document = asked({ ...before, version: 'v1.34.2+k3s1' });
    const { steps } = plan(state);
    const seconds = (step: Step): number => {
      if (step.budget === undefined) return 0;
      const index = Number(step.slot?.split('-')[1]);
      if (step.kind === 'drain') return 30 * (index % 7 === 0 ? 3 : 1);
      return step.kind === 'uncordon' ? 2 : 15;
    };
    // Act
    const made = schedule(steps, seconds);
    // Assess: twenty are away at any time, and none is away for longer than its own steps take
    const work = steps.reduce((sum, step) => sum + seconds(step), 0);
    expect(made.most.get('pool/workers')).toBe(20);
    expect(made.seconds / (work / 20)).toBeLessThan(1.15);
  });
});

describe('a change of many agents across new histories', () => {
  const before = { pools: { workers: 60 }, maxUnavailable: '10%' };
  const SECONDS: Partial<Record<Step['kind'], number>> = {
    drain: 8,
    'stop-service': 5,
    'stop-instance': 35,
    'change-type': 1,
    'start-instance': 1,
    'wait-for-agent': 40,
    'start-service': 10,
    uncordon: 2,
  };
  const seconds = (step: Step): number => SECONDS[step.kind] ?? 0;

  it('takes no longer for them, and takes no more agents away', () => {
    // Prepare
    const [whole, renewed] = [running(asked(before)), running(asked(before))];
    for (const state of [whole, renewed]) state.document = asked({ ...before, type: 'm6i.large' });
    // Act
    const once = scheduleAcross(whole, seconds, Number.POSITIVE_INFINITY);
    const again = scheduleAcross(renewed, seconds, 150);
    // Assess
    expect(again.alarms).toEqual([]);
    expect(again.seconds / once.seconds).toBeLessThan(1.05);
  });

  it('brings an agent back that is stopped, and changes the next ones beside it', () => {
    // Prepare
    const state = running(asked({ pools: { workers: 10 }, maxUnavailable: 3 }));
    state.document = asked({ pools: { workers: 10 }, maxUnavailable: 3, type: 'm6i.large' });
    const slot = state.slots['workers-5'];
    if (slot?.instance == null) throw new Error('workers-5 has no instance');
    const instance = { ...slot.instance, power: 'stopped' as const, publicIp: null };
    Object.assign(slot, { cordoned: true, drained: true, service: 'stopped', agentOnline: false, instance });
    const { steps } = plan(state);
    const done = new Set(['preflight']);
    // Act
    const first = stepsToBegin(steps, done, done);
    // Assess
    expect(first.map(({ id }) => id)).toEqual(['change-type:workers-5', 'drain:workers-0', 'drain:workers-1']);
  });

  it('starts all agents of a stopped pool at once', () => {
    // Prepare
    const state = running(asked({ pools: { workers: 10 }, maxUnavailable: 3 }));
    for (const slot of Object.values(state.slots)) {
      if (slot.role !== 'agent' || slot.instance === null) continue;
      const instance = { ...slot.instance, power: 'stopped' as const, publicIp: null };
      Object.assign(slot, { service: 'stopped', agentOnline: false, instance });
    }
    // Act
    const first = stepsToBegin(plan(state).steps, new Set(), new Set());
    // Assess
    expect(first.filter(({ kind }) => kind === 'start-instance')).toHaveLength(10);
  });
});

describe('maxUnavailable', () => {
  const read = (maxUnavailable: unknown) =>
    parseDocument({
      ...asked({ pools: { w: 5 } }),
      spec: { ...asked({ pools: { w: 5 } }).spec, upgrade: { maxUnavailable } },
    });

  it.each([1, 4, '1%', '10%', '99%'])('may be %s', (value) => {
    expect(read(value).ok).toBe(true);
  });

  it.each([0, 5, -1, 1.5, '0%', '100%', '10 %', '10', 'all', '010%'])('is not %s', (value) => {
    expect(read(value).ok).toBe(false);
  });
});
