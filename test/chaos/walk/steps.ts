import fc from 'fast-check';
import type { RequestName } from '#src/model/requests/decide.js';
import type { FaultPlan } from '../../../packages/aws-simulator/src/faults.js';
import type { Shape } from '../support/cluster.js';

/** What happens in a walk: someone asks, something goes wrong, someone else lays hands on an instance, a worker dies. */
export type Act =
  | { kind: 'apply'; change: Partial<Pick<Shape, 'agents' | 'serverType' | 'disable'>> }
  | { kind: 'ask'; verb: Exclude<RequestName, 'apply' | 'resize'> }
  | { kind: 'resize'; instanceType: string }
  | { kind: 'fault'; what: string; plan: FaultPlan }
  | { kind: 'harm'; slot: string; how: 'stop' | 'terminate' | 'reboot' }
  | { kind: 'kill' }
  /** Faults end, and all must be as it was wished last. */
  | { kind: 'settle' };

export interface Step {
  act: Act;
  /** Until the next one. */
  thenMs: number;
}

const TYPES = ['t3.medium', 't3.large'];
const WRITES = ['RunInstances', 'SendCommand', 'StartInstances', 'StopInstances', 'TerminateInstances', 'PutObject'];
const THROTTLED: Record<string, { code: string; status: number }> = {
  ec2: { code: 'RequestLimitExceeded', status: 503 },
  ssm: { code: 'ThrottlingException', status: 400 },
  s3: { code: 'SlowDown', status: 503 },
};

const fault = (what: string, plan: FaultPlan): Act => ({ kind: 'fault', what, plan });

const throttled = fc
  .record({
    service: fc.constantFrom(...Object.keys(THROTTLED)),
    times: fc.integer({ min: 1, max: 8 }),
    seed: fc.nat(99),
  })
  .map(({ service, times, seed }) =>
    fault(`${service} throttles ${times} calls`, {
      service,
      error: THROTTLED[service]!,
      times,
      probability: 0.5,
      seed,
    }),
  );
const lost = fc.record({ action: fc.constantFrom(...WRITES), cut: fc.boolean() }).map(({ action, cut }) =>
  fault(`${action} is ${cut ? 'cut off' : 'carried out, its answer lost'}`, {
    action,
    times: 1,
    ...(cut ? { cut } : { loseAnswer: true }),
  }),
);
const capacity = fc.integer({ min: 1, max: 3 }).map((times) =>
  fault(`no capacity for ${times} launches`, {
    point: 'capacity',
    match: { operation: 'launch' },
    times,
    effect: 'none',
  }),
);
const slow = fc
  .constantFrom('ec2', 'ssm', 's3')
  .map((service) => fault(`${service} is slow`, { service, delayMs: 700, times: 5 }));
const hidden = fc.constant(fault('what is new is not seen yet', { point: 'visible', effect: 'not-found', times: 3 }));
const deaf = fc.integer({ min: 1, max: 6 }).map((seconds) =>
  fault(`an agent is dead for ${seconds} s`, {
    point: 'ssm.deliver',
    effect: 'agent-dead',
    delayMs: seconds * 1_000,
    times: 1,
  }),
);
const shot = fc.constant(
  fault('a script is killed', { point: 'ssm.run', effect: 'exit', data: { code: 137 }, times: 1 }),
);

const asks: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('apply' as const), change: changes() }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('ask' as const),
      verb: fc.constantFrom('stop' as const, 'start' as const, 'pause' as const, 'resume' as const, 'retry' as const),
    }),
  },
  { weight: 1, arbitrary: fc.constant<Act>({ kind: 'ask', verb: 'delete' }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('resize' as const), instanceType: fc.constantFrom(...TYPES) }),
  },
);

function changes() {
  return fc.oneof(
    fc.record({ agents: fc.integer({ min: 0, max: 2 }) }),
    fc.record({ serverType: fc.constantFrom(...TYPES) }),
    fc.record({ disable: fc.constantFrom('traefik', 'servicelb') }),
    fc.constant({}),
  );
}

/** No crash: what is dead while EC2 calls it running is not repaired by Keelson yet. */
const harms: fc.Arbitrary<Act> = fc.record({
  kind: fc.constant('harm' as const),
  slot: fc.constantFrom('server-0', 'server-1', 'server-2', 'workers-0', 'workers-1'),
  how: fc.constantFrom('stop' as const, 'terminate' as const, 'reboot' as const),
});

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: asks },
  { weight: 6, arbitrary: fc.oneof(throttled, lost, capacity, slow, hidden, deaf, shot) },
  { weight: 2, arbitrary: harms },
  { weight: 2, arbitrary: fc.constant<Act>({ kind: 'kill' }) },
  { weight: 3, arbitrary: fc.constant<Act>({ kind: 'settle' }) },
);

/** The walk of a seed. */
export function drawSteps(seed: number, count: number): Step[] {
  const step = fc.record({ act, thenMs: fc.integer({ min: 0, max: 1_500 }) });
  return fc.sample(fc.array(step, { minLength: count, maxLength: count }), { seed, numRuns: 1 })[0] ?? [];
}

export function textOf(act: Act): string {
  switch (act.kind) {
    case 'apply':
      return `apply ${JSON.stringify(act.change)}`;
    case 'ask':
      return act.verb;
    case 'resize':
      return `resize to ${act.instanceType}`;
    case 'fault':
      return act.what;
    case 'harm':
      return `someone does: ${act.how} ${act.slot}`;
    case 'kill':
      return 'the worker is killed';
    case 'settle':
      return 'settle';
  }
}
