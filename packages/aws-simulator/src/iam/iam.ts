/** Judges every call by the policies of deploy/aws for the role of its caller. [IAM user guide: Policy evaluation logic] */
import { AwsError } from '../aws-error.js';
import type { AwsCall, Instance } from '../contract.js';
import type { CallerName } from '../credentials.js';
import { ACCOUNT_ID } from '../ec2/network.js';
import type { Bucket } from '../s3/buckets.js';
import { type Denial, refusalFor } from './denial.js';
import { ec2Arn } from './ec2-resources.js';
import { type Check, Evaluator, type Judgement, type Keys } from './evaluator.js';
import type { Policies, Policy } from './policies.js';
import { NODE_PROFILE, type Principal, type PrincipalName, principalOf } from './principals.js';
import { checksOf, type Existing } from './questions.js';
import { mayListCheck } from './s3-actions.js';
import { onInstance } from './ssm-actions.js';

/** A statement of the template, and an action that it was decisive for. */
export interface Used {
  policy: string;
  sid: string;
  action: string;
}

export interface IamOptions {
  policies: Policies;
  existing: Existing;
  /** What the two resource policies are attached to. */
  bucket: string;
  queueArn: string;
  /** Told once of each statement and action that were used. */
  onUse?: (used: Used) => void;
}

interface Judge {
  policy: Policy;
  evaluator: Evaluator;
}

export class Iam {
  private readonly uses = new Map<string, Used>();
  private identity: ReadonlyMap<PrincipalName, Judge> = new Map();
  private resource: readonly { arn: string; judge: Judge }[] = [];

  constructor(private readonly options: IamOptions) {
    this.usePolicies(options.policies);
  }

  /** As the template has them. */
  get policies(): Policies {
    return this.options.policies;
  }

  /** Judges by other policies from now on, and counts again which are used. */
  usePolicies(policies: Policies): void {
    const { bucket, queueArn } = this.options;
    this.uses.clear();
    const judge = (policy: Policy, kind: 'identity' | 'resource') => ({
      policy,
      evaluator: new Evaluator(policy, kind),
    });
    const own = Object.entries(policies.identity) as [PrincipalName, Policy][];
    this.identity = new Map(own.map(([name, policy]) => [name, judge(policy, 'identity')]));
    this.resource = [
      { arn: `arn:aws:s3:::${bucket}`, judge: judge(policies.bucket, 'resource') },
      { arn: queueArn, judge: judge(policies.queue, 'resource') },
    ];
  }

  /** Statements that were decisive since these policies hold, for which action. */
  get used(): Used[] {
    return [...this.uses.values()];
  }

  /** @returns the service's own error when the caller may not make the call; null when it may */
  async refusalOf(call: AwsCall): Promise<AwsError | null> {
    try {
      const checks = checksOf(call, this.options.existing);
      if (call.caller === 'admin' || call.caller === null) return null;
      const principal = principalOf(call.caller);
      for (const check of checks) {
        const denial = await this.denialOf(principal, call.region, check);
        if (denial !== null) return refusalFor(call, principal.arn, denial);
      }
      return null;
    } catch (error) {
      if (error instanceof AwsError) return error;
      throw error;
    }
  }

  /** Whether a command of the caller may run on an instance that its targets have found. */
  async mayCommand({ caller, region }: AwsCall, instanceId: string): Promise<boolean> {
    return this.mayAll(caller, region, onInstance(this.options.existing.account(region), instanceId));
  }

  /** Whether the caller may learn that an object is not there. */
  async mayList({ caller }: AwsCall, bucket: Bucket): Promise<boolean> {
    return this.mayAll(caller, bucket.region, [mayListCheck(bucket)]);
  }

  /** Whether the SSM agent of an instance may do something. A role that the template did not make is taken to allow what agents need. */
  async nodeMay({ id, region, instanceProfile }: Instance, action: string): Promise<boolean> {
    if (instanceProfile !== NODE_PROFILE) return instanceProfile !== null;
    const onItself = action === 'ssm:UpdateInstanceInformation';
    const check: Check = {
      action,
      resource: onItself ? ec2Arn(region, 'instance', id) : '*',
      kind: onItself ? 'instance' : null,
      keys: {},
    };
    return (await this.denialOf(principalOf('node', id), region, check)) === null;
  }

  /** Whether EventBridge may put an event of one of the stack's rules into the queue. */
  async ruleMaySend(ruleArn: string, region: string): Promise<boolean> {
    const { queueArn } = this.options;
    const check: Check = {
      action: 'sqs:SendMessage',
      resource: queueArn,
      kind: 'queue',
      keys: { 'aws:SourceArn': ruleArn, 'aws:SourceAccount': ACCOUNT_ID, 'aws:PrincipalIsAWSService': 'true' },
    };
    const service = { arn: 'events.amazonaws.com', roleArn: 'events.amazonaws.com' };
    return (await this.denialOf(service, region, check)) === null;
  }

  private async mayAll(caller: CallerName | null, region: string, checks: Check[]): Promise<boolean> {
    if (caller === 'admin') return true;
    if (caller === null) return false;
    for (const check of checks) {
      if ((await this.denialOf(principalOf(caller), region, check)) !== null) return false;
    }
    return true;
  }

  /** An explicit deny anywhere wins; else within one account an allow by either policy is enough. */
  private async denialOf(
    principal: Pick<Principal, 'arn' | 'roleArn'> & { name?: PrincipalName },
    region: string,
    check: Check,
  ): Promise<Denial | null> {
    const whole = {
      ...check,
      keys: { ...globalKeys(principal.roleArn, region, check.viaService ?? false), ...check.keys },
    };
    const own = principal.name === undefined ? undefined : this.identity.get(principal.name);
    const its = this.resource.find(({ arn }) => check.resource === arn || check.resource.startsWith(`${arn}/`))?.judge;
    const byIdentity = await this.ask(own, principal.arn, whole);
    const byResource = await this.ask(its, principal.arn, whole);
    if (byIdentity.verdict === 'explicit-deny') return { check, verdict: 'explicit-deny', policy: 'identity-based' };
    if (byResource.verdict === 'explicit-deny') return { check, verdict: 'explicit-deny', policy: 'resource-based' };
    if (byIdentity.verdict === 'allowed' || byResource.verdict === 'allowed') return null;
    return { check, verdict: 'implicit-deny', policy: 'identity-based' };
  }

  private async ask(judge: Judge | undefined, principal: string, check: Check): Promise<Judgement> {
    if (judge === undefined) return { verdict: 'implicit-deny', by: [] };
    const judgement = await judge.evaluator.judge(principal, check);
    for (const sid of judgement.by) this.noteUse({ policy: judge.policy.name, sid, action: check.action });
    return judgement;
  }

  private noteUse(used: Used): void {
    const name = `${used.policy}.${used.sid} ${used.action}`;
    if (this.uses.has(name)) return;
    this.uses.set(name, used);
    this.options.onUse?.(used);
  }
}

/**
 * Condition keys that every request carries. [IAM user guide: AWS global condition context keys] Loopback stands for TLS: clients of
 * AWS use nothing else, and here there is no other way.
 */
function globalKeys(roleArn: string, region: string, viaService: boolean): Keys {
  const always = {
    'aws:PrincipalArn': roleArn,
    'aws:PrincipalAccount': ACCOUNT_ID,
    'aws:ResourceAccount': ACCOUNT_ID,
    'aws:ViaAWSService': String(viaService),
  };
  if (viaService) return always;
  return {
    ...always,
    'aws:RequestedRegion': region,
    'ec2:Region': region,
    'aws:SecureTransport': 'true',
    'aws:SourceIp': '127.0.0.1',
  };
}
