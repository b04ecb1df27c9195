/**
 * Fault plans: what goes wrong, and when. The simulator asks them at every call (point `call`) and at named points elsewhere: `capacity`,
 * `visible`, `launch`, `status-check`, `instance-profile`, `addresses`, `span` (any latency), and those of the machines. The README lists the points
 * with their data.
 */
import * as z from 'zod';
import type { Fault } from './contract.js';
import { seeded } from './random.js';
import { TokenBucket } from './throttle.js';

const oneOrMore = <T extends z.ZodType>(schema: T) => z.union([schema, z.array(schema)]);

const faultPlanSchema = z
  .strictObject({
    id: z.string().optional(),
    point: z.string().default('call'),
    // When it applies. Texts may contain * as a wildcard; every given field must fit.
    service: oneOrMore(z.string()).optional(),
    action: oneOrMore(z.string()).optional(),
    region: oneOrMore(z.string()).optional(),
    instance: oneOrMore(z.string()).optional(),
    /** Tags of one of the instances in question, e.g. {"keelson:slot": "server-0"}. */
    tags: z.record(z.string(), z.string()).optional(),
    /** Other data of the point, e.g. {"instanceType": "m6i.large", "zone": "eu-west-1a"}. */
    match: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    /** Which of the fitting moments, from 1. */
    nth: oneOrMore(z.int().positive()).optional(),
    skip: z.int().nonnegative().optional(),
    times: z.int().positive().optional(),
    /** `nth`, `skip` and `times` count for each instance separately. */
    each: z.literal('instance').optional(),
    probability: z.number().min(0).max(1).optional(),
    seed: z.int().optional(),
    /** Only what exceeds a bucket of this size. */
    bucket: z.strictObject({ size: z.number().positive(), refill: z.number().nonnegative() }).optional(),
    // What.
    error: z.strictObject({ code: z.string(), status: z.int(), message: z.string().optional() }).optional(),
    delayMs: z.number().nonnegative().optional(),
    /** Only at point `span`: it does not end before this plan is removed, however slow the reader is. */
    hold: z.literal(true).optional(),
    loseAnswer: z.boolean().optional(),
    cut: z.boolean().optional(),
    effect: z.string().optional(),
    data: z.record(z.string(), z.unknown()).optional(),
  })
  .refine((plan) => !plan.hold || plan.point === 'span', 'hold is for point span only');

export type FaultPlan = z.input<typeof faultPlanSchema>;
type Parsed = z.output<typeof faultPlanSchema>;

/** Data of the point's moment. */
export interface Moment {
  service?: string;
  action?: string;
  region?: string;
  instanceId?: string;
  instanceIds?: string[];
  /** Tags of a launch request: the instance does not exist yet. */
  tags?: Record<string, string>;
  [name: string]: unknown;
}

interface Active {
  plan: Parsed & { id: string };
  fits: Map<string, number>;
  fired: Map<string, number>;
  random: () => number;
  bucket: TokenBucket | null;
  /** Aborted when the plan is removed. */
  taken: AbortController;
}

export class FaultPlans {
  private active: Active[] = [];
  private count = 0;

  /** @param tagsOf tags of an instance, for plans that name instances by tag. */
  constructor(private readonly tagsOf: (instanceId: string) => Record<string, string> | undefined) {}

  /** Adds one plan or a list of them. @returns their ids. @throws ZodError naming what is wrong. */
  add(input: unknown): string[] {
    const plans = z.array(faultPlanSchema).parse(Array.isArray(input) ? input : [input]);
    return plans.map((plan) => {
      const id = plan.id ?? `fault-${++this.count}`;
      const bucket = plan.bucket === undefined ? null : new TokenBucket(plan.bucket.size, plan.bucket.refill);
      const random = seeded(plan.seed ?? 1);
      const taken = new AbortController();
      this.active.push({ plan: { ...plan, id }, fits: new Map(), fired: new Map(), random, bucket, taken });
      return id;
    });
  }

  /** Removes one plan, or all. */
  remove(id?: string): void {
    const gone = this.active.filter(({ plan }) => id === undefined || plan.id === id);
    this.active = this.active.filter((one) => !gone.includes(one));
    for (const { taken } of gone) taken.abort();
  }

  /** Returns the plans with how often each fitted and fired. */
  list(): (Parsed & { id: string; fitted: number; fired: number })[] {
    return this.active.map(({ plan, fits, fired }) => ({ ...plan, fitted: total(fits), fired: total(fired) }));
  }

  /** Returns the effect at this moment. Every plan counts it; the first that fires decides. */
  at(point: string, moment: Moment): (Fault & { plan: string }) | undefined {
    let first: (Fault & { plan: string }) | undefined;
    for (const active of this.active) {
      if (active.plan.point !== point || !this.fits(active.plan, moment) || !fires(active, moment)) continue;
      first ??= {
        plan: active.plan.id,
        ...faultOf(active.plan),
        ...(active.plan.hold && { held: active.taken.signal }),
      };
    }
    return first;
  }

  private fits(plan: Parsed, moment: Moment): boolean {
    const ids = instanceIds(moment);
    const tags = plan.tags;
    return (
      oneFits(plan.service, moment.service) &&
      oneFits(plan.action, moment.action) &&
      oneFits(plan.region, moment.region) &&
      (plan.instance === undefined || ids.some((id) => oneFits(plan.instance, id))) &&
      (tags === undefined || [moment.tags, ...ids.map(this.tagsOf)].some((present) => hasTags(present, tags))) &&
      Object.entries(plan.match ?? {}).every(([name, wanted]) => oneFits(String(wanted), text(moment[name])))
    );
  }
}

function fires(active: Active, moment: Moment): boolean {
  const { plan } = active;
  const counter = plan.each === 'instance' ? (instanceIds(moment)[0] ?? '') : '';
  const nth = (active.fits.get(counter) ?? 0) + 1;
  active.fits.set(counter, nth);
  const fired = active.fired.get(counter) ?? 0;
  if (plan.nth !== undefined && ![plan.nth].flat().includes(nth)) return false;
  if (nth <= (plan.skip ?? 0) || fired >= (plan.times ?? Number.POSITIVE_INFINITY)) return false;
  if (plan.probability !== undefined && active.random() >= plan.probability) return false;
  if (active.bucket?.take()) return false;
  active.fired.set(counter, fired + 1);
  return true;
}

function faultOf({ error, delayMs, loseAnswer, cut, effect, data }: Parsed): Fault {
  return {
    ...(error && {
      error: { code: error.code, status: error.status, ...(error.message && { message: error.message }) },
    }),
    ...(delayMs !== undefined && { delayMs }),
    ...(loseAnswer && { loseAnswer }),
    ...(cut && { cut }),
    ...(effect !== undefined && { effect }),
    ...(data && { data }),
  };
}

function instanceIds(moment: Moment): string[] {
  return [...(moment.instanceId === undefined ? [] : [moment.instanceId]), ...(moment.instanceIds ?? [])];
}

function hasTags(tags: Record<string, string> | undefined, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => oneFits(value, tags?.[key]));
}

function oneFits(patterns: string | string[] | undefined, value: string | undefined): boolean {
  if (patterns === undefined) return true;
  return value !== undefined && [patterns].flat().some((pattern) => likes(pattern, value));
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}

/** Returns whether the value matches the pattern, in which * stands for anything. */
function likes(pattern: string, value: string): boolean {
  if (!pattern.includes('*')) return pattern === value;
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(value);
}

function total(counts: Map<string, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
