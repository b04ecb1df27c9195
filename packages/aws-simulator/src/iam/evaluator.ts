/**
 * Asks @cloud-copilot/iam-simulate, an independent implementation, what a policy says of a request. It takes 15 to 500 microseconds,
 * depending on its input: so it gets only the statements of the action and the keys that they use, and its answers are kept for all requests that these
 * cannot tell apart.
 */
import { runUnsafeSimulation } from '@cloud-copilot/iam-simulate';
import { ACCOUNT_ID } from '../ec2/network.js';
import type { Check, Keys } from './check.js';
import type { Policy, Statement } from './policies.js';
import { keysCarriedBy } from './reference.js';

export type Verdict = 'allowed' | 'explicit-deny' | 'implicit-deny';

export interface Judgement {
  verdict: Verdict;
  /** Sids of the statements that allow or deny it. */
  by: string[];
}

/** More than any run of the simulator asks for at a time; beyond it everything is asked again. */
const MOST_KEPT = 50_000;

/** A resource policy needs a name: without one the evaluator fails when it reports the statement. */
const named = (name: string, policy: object) => ({
  __validated: true,
  policyDocument: policy,
  metadata: { name },
  errors: [],
});

/** A key's policy decides alone; as KMS makes it, it leaves the decision to IAM. [KMS developer guide: Default key policy] */
const KEY_POLICY = named('default key policy', {
  Version: '2012-10-17',
  Statement: [
    {
      Sid: 'Enable IAM User Permissions',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT_ID}:root` },
      Action: 'kms:*',
      Resource: '*',
    },
  ],
});

/** The statements about an action. */
interface Asked {
  statements: Statement[];
  /** Keys of a request that they use, in lower case. */
  keys: ReadonlySet<string>;
  /** Literal parts of their resources, in lower case; null where an answer may depend on every letter. */
  literals: readonly string[] | null;
}

/** One policy, read once and asked often. */
export class Evaluator {
  private readonly byAction = new Map<string, Asked>();
  private readonly kept = new Map<string, Judgement>();

  /** @param kind an identity policy belongs to a caller, a resource policy to a bucket or queue */
  constructor(
    private readonly policy: Policy,
    private readonly kind: 'identity' | 'resource',
  ) {}

  /** @param principal ARN of the caller, or a service such as `events.amazonaws.com` */
  async judge(principal: string, check: Check): Promise<Judgement> {
    const { action, resource } = check;
    const { statements, keys, literals } = this.statementsFor(action);
    if (statements.length === 0) return { verdict: 'implicit-deny', by: [] };
    const carries = await keysCarriedBy(action, check.kind);
    const context: Keys = {};
    for (const [key, value] of Object.entries(check.keys)) {
      if (keys.has(key.toLowerCase()) && carries(key)) context[key] = value;
    }
    const question = JSON.stringify([principal, action, asSeen(resource, literals), context]);
    const answered = this.kept.get(question);
    if (answered !== undefined) return answered;
    const judgement = this.ask(principal, check, context, statements);
    if (this.kept.size >= MOST_KEPT) this.kept.clear();
    this.kept.set(question, judgement);
    return judgement;
  }

  private ask(principal: string, check: Check, context: Keys, statements: Statement[]): Judgement {
    const result = this.simulate(principal, check, context, statements);
    if (result === 'ImplicitlyDenied') return { verdict: 'implicit-deny', by: [] };
    const verdict = result === 'Allowed' ? 'allowed' : 'explicit-deny';
    const decisive = statements.filter(
      (one) =>
        one.Effect === (verdict === 'allowed' ? 'Allow' : 'Deny') &&
        this.simulate(principal, check, context, [one]) === result,
    );
    return { verdict, by: decisive.map(({ Sid }) => Sid) };
  }

  private simulate(principal: string, { action, resource }: Check, context: Keys, statements: Statement[]) {
    const policy = { Version: '2012-10-17', Statement: statements };
    return runUnsafeSimulation(
      {
        request: {
          principal,
          action,
          // A new resource has no id yet, and AWS writes `*`, which to the evaluator would mean any resource.
          resource: {
            resource: resource === '*' ? '*' : resource.replace(/\*$/, 'new'),
            accountId: accountIn(principal),
          },
          contextVariables: context,
        },
        identityPolicies: this.kind === 'identity' ? [{ name: this.policy.name, policy }] : [],
        serviceControlPolicies: [],
        resourceControlPolicies: [],
        ...(this.kind === 'resource' && { resourcePolicy: named(this.policy.name, policy) }),
        ...(this.kind === 'identity' && action.startsWith('kms:') && { resourcePolicy: KEY_POLICY }),
      },
      {},
    );
  }

  private statementsFor(action: string): Asked {
    const there = this.byAction.get(action);
    if (there !== undefined) return there;
    const statements = this.policy.statements.filter(({ Action }) =>
      Action.some((pattern) => matches(pattern, action)),
    );
    const keys = [...statements.flatMap(conditionKeysOf), ...statements.flatMap(variablesOf)];
    const found: Asked = {
      statements,
      keys: new Set(keys.map((key) => key.toLowerCase())),
      literals: literalsOf(action, statements),
    };
    this.byAction.set(action, found);
    return found;
  }
}

/** For these the library looks into the resource itself. [@cloud-copilot/iam-simulate: services/] */
const LOOKED_INTO = /^(?:iam|kms|sts):/;

function literalsOf(action: string, statements: readonly Statement[]): readonly string[] | null {
  const patterns = statements.flatMap(({ Resource, NotResource }) =>
    [Resource ?? [], NotResource ?? []].flat(2).map(String),
  );
  if (LOOKED_INTO.test(action) || patterns.some((pattern) => pattern.includes('$'))) return null;
  return patterns.flatMap((pattern) => pattern.toLowerCase().split(/[*?:/]+/)).filter((literal) => literal !== '');
}

/**
 * Returns the resource without what no pattern can tell apart, such as the names of a thousand clusters. A literal of a pattern has no separator, so where it matches it lies within
 * one part of the resource: a part that contains none of them is only ever matched by wildcards, and each other part of the same length is as well.
 */
function asSeen(resource: string, literals: readonly string[] | null): string {
  if (literals === null || resource === '*') return resource;
  return resource.replaceAll(/[^:/]+/g, (part) => {
    // Other characters may be wildcards.
    const isPlain = /^[\w.-]+$/.test(part);
    const lower = part.toLowerCase();
    return isPlain && !literals.some((literal) => lower.includes(literal)) ? '.'.repeat(part.length) : part;
  });
}

/**
 * Each policy is asked alone and as if principal and resource were of one account; the caller combines the answers. Services have no
 * account.
 */
const accountIn = (principal: string): string => /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(principal)?.[1] ?? ACCOUNT_ID;

/** Condition keys by statement: `Condition: { StringLike: { <key>: ... } }`. */
export function conditionKeysOf({ Condition }: Statement): string[] {
  if (typeof Condition !== 'object' || Condition === null) return [];
  return Object.values(Condition).flatMap((asked: unknown) => Object.keys(asked as object));
}

/** Keys that stand in a value: `${aws:PrincipalTag/team}`, or with a default behind a comma. [IAM user guide: Policy variables] */
const variablesOf = (statement: Statement): string[] =>
  [...JSON.stringify(statement).matchAll(/\$\{([^},]+)[},]/g)].map(([, key = '']) => key.trim());

/** Returns whether a pattern of an Action element, e.g. `s3:*`, means an action; without case. */
export function matches(pattern: string, action: string): boolean {
  const escaped = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 'i').test(action);
}
