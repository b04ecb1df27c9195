/** Decides about every call by the policies of deploy/aws for the role of its caller. [IAM user guide: Policy evaluation logic] */
import { AwsError } from '../aws-error.js';
import type { AwsCall, Instance } from '../contract.js';
import { ACCOUNT_ID, MEMBER_ACCOUNT_ID } from '../ec2/network.js';
import type { Bucket } from '../s3/buckets.js';
import type { AssumeRole } from '../sts/handle.js';
import type { Check, Keys } from './check.js';
import { type Denial, refusalFor } from './denial.js';
import { ec2Arn } from './ec2-resources.js';
import { Evaluator, type Judgement } from './evaluator.js';
import type { Policies, Policy } from './policies.js';
import { memberRoleArn, NODE_PROFILE, type Principal, type PrincipalName, principalOf } from './principals.js';
import { checksOf, type Existing } from './questions.js';
import { requiredKindOf } from './reference.js';
import { mayListCheck } from './s3-actions.js';
import { onInstance } from './ssm-actions.js';

/** A statement of the template, and an action that it decided. */
export interface Used {
  policy: string;
  sid: string;
  action: string;
}

export interface IamOptions {
  policies: Policies;
  existing: Existing;
  /** Resources of the two resource policies. */
  bucket: string;
  queueArn: string;
  /** Called once for each used statement and action. */
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
  private trust: Judge | undefined;
  private readonly members = new Map<string, Judge>();

  constructor(private readonly options: IamOptions) {
    this.usePolicies(options.policies);
  }

  /** As in the template. */
  get policies(): Policies {
    return this.options.policies;
  }

  /** Uses other policies from now on, and restarts the count of used ones. */
  usePolicies(policies: Policies): void {
    const { bucket, queueArn } = this.options;
    this.uses.clear();
    this.members.clear();
    const judge = (policy: Policy, kind: 'identity' | 'resource') => ({
      policy,
      evaluator: new Evaluator(policy, kind),
    });
    const own = Object.entries(policies.identity) as [PrincipalName, Policy][];
    this.identity = new Map(own.map(([name, policy]) => [name, judge(policy, 'identity')]));
    this.trust = judge(policies.trust, 'resource');
    this.resource = [
      { arn: `arn:aws:s3:::${bucket}`, judge: judge(policies.bucket, 'resource') },
      { arn: queueArn, judge: judge(policies.queue, 'resource') },
    ];
  }

  /** Statements that have decided under these policies, with the action. */
  get used(): Used[] {
    return [...this.uses.values()];
  }

  /** @returns the service's own error when the caller may not make the call; null when it may */
  async refusalOf(call: AwsCall): Promise<AwsError | null> {
    try {
      const checks = checksOf(call, this.options.existing);
      if (call.caller === 'admin' || call.caller === null) return null;
      const principal = principalIn(call);
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

  /**
   * Returns the result of SimulatePrincipalPolicy for an action: by the policies of the principal alone.
   *
   * @returns null for an unknown principal
   */
  async decisionFor(
    arn: string,
    action: string,
    resource: string,
  ): Promise<'allowed' | 'explicitDeny' | 'implicitDeny' | null> {
    if (arn === principalOf('admin').roleArn) return 'allowed';
    const name = [...this.identity.keys()].find((one) => principalOf(one).roleArn === arn);
    if (name === undefined) return null;
    const principal = principalOf(name);
    const check: Check = {
      action,
      resource,
      kind: await requiredKindOf(action),
      keys: globalKeys(arn, 'us-east-1', false),
    };
    const verdict = (await this.identity.get(name)?.evaluator.judge(principal.arn, check))?.verdict;
    if (verdict === 'allowed') return 'allowed';
    return verdict === 'explicit-deny' ? 'explicitDeny' : 'implicitDeny';
  }

  /** Returns whether a command of the caller may run on an instance of its targets. */
  async mayCommand(call: AwsCall, instanceId: string): Promise<boolean> {
    const { region, account } = call;
    const checks = onInstance(this.options.existing.account(region, account), instanceId);
    return this.mayAll(call, region, JSON.parse(JSON.stringify(checks).replaceAll(ACCOUNT_ID, account)) as Check[]);
  }

  /** Returns whether the caller may learn that an object does not exist. */
  async mayList(call: AwsCall, bucket: Bucket): Promise<boolean> {
    return this.mayAll(call, bucket.region, [mayListCheck(bucket)]);
  }

  /**
   * Returns whether the SSM agent of an instance may do something. A role from outside of the template is assumed to allow what agents
   * need.
   */
  async nodeMay({ id, account, region, instanceProfile }: Instance, action: string): Promise<boolean> {
    // The role of nodes in another account equals the stack's: a test compares the templates.
    if (instanceProfile !== NODE_PROFILE || account !== ACCOUNT_ID) return instanceProfile !== null;
    const onItself = action === 'ssm:UpdateInstanceInformation';
    const check: Check = {
      action,
      resource: onItself ? ec2Arn(region, 'instance', id) : '*',
      kind: onItself ? 'instance' : null,
      keys: {},
    };
    return (await this.denialOf(principalOf('node', id), region, check)) === null;
  }

  /** Returns whether EventBridge may put an event of one of the stack's rules into the queue. */
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

  /**
   * Returns whether the caller may assume a role: its own policy and the role's trust policy both have to allow it. AWS does not say which
   * one denies it, nor whether the role exists.
   */
  async refusalToAssume(call: AwsCall, request: AssumeRole, members: readonly string[]): Promise<AwsError | null> {
    const { roleArn, account, externalId, sessionName } = request;
    if (call.caller === null) return null;
    const principal = principalIn(call);
    const check: Check = {
      action: 'sts:AssumeRole',
      resource: roleArn,
      kind: 'role',
      keys: {
        ...globalKeys(principal.roleArn, call.region, false),
        'sts:RoleSessionName': sessionName,
        ...(externalId !== undefined && { 'sts:ExternalId': externalId }),
      },
    };
    const isThere = members.includes(account) && roleArn === memberRoleArn(account);
    const own = this.identityOf(principal);
    const byOwn = call.caller === 'admin' ? 'allowed' : (await this.ask(own, principal.arn, check)).verdict;
    const byTrust = isThere ? (await this.ask(this.trust, principal.arn, check)).verdict : 'implicit-deny';
    if (byOwn === 'allowed' && byTrust === 'allowed') return null;
    const verdict = byOwn === 'explicit-deny' ? 'explicit-deny' : 'implicit-deny';
    return refusalFor(call, principal.arn, { check, verdict, policy: 'identity-based' });
  }

  private async mayAll(call: AwsCall, region: string, checks: Check[]): Promise<boolean> {
    if (call.caller === 'admin') return true;
    if (call.caller === null) return false;
    for (const check of checks) {
      if ((await this.denialOf(principalIn(call), region, check)) !== null) return false;
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
    const own = this.identityOf(principal);
    const its = this.resource.find(({ arn }) => check.resource === arn || check.resource.startsWith(`${arn}/`))?.judge;
    const byIdentity = await this.ask(own, principal.arn, whole);
    const byResource = await this.ask(its, principal.arn, whole);
    if (byIdentity.verdict === 'explicit-deny') return { check, verdict: 'explicit-deny', policy: 'identity-based' };
    if (byResource.verdict === 'explicit-deny') return { check, verdict: 'explicit-deny', policy: 'resource-based' };
    const isForeign = (accountOf(principal.arn) || ACCOUNT_ID) !== ACCOUNT_ID && its !== undefined;
    const verdicts = [byIdentity.verdict === 'allowed', byResource.verdict === 'allowed'];
    // From another account both have to. [IAM user guide: Cross-account policy evaluation logic]
    if (isForeign ? verdicts.every(Boolean) : verdicts.some(Boolean)) return null;
    return { check, verdict: 'implicit-deny', policy: 'identity-based' };
  }

  /** The template of the member account is read for one account; in another one it names that. */
  private identityOf({ name, arn }: { name?: PrincipalName; arn: string }): Judge | undefined {
    const account = accountOf(arn);
    if (name !== 'member' || account === MEMBER_ACCOUNT_ID)
      return name === undefined ? undefined : this.identity.get(name);
    const known = this.members.get(account);
    if (known !== undefined) return known;
    const { member } = this.options.policies.identity;
    const policy = JSON.parse(JSON.stringify(member).replaceAll(MEMBER_ACCOUNT_ID, account)) as Policy;
    const judge = { policy, evaluator: new Evaluator(policy, 'identity') };
    this.members.set(account, judge);
    return judge;
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

/** Signer of a call, with the session of an assumed role. */
const principalIn = ({ caller, account, session }: AwsCall): Principal =>
  principalOf(caller ?? 'admin', session ?? caller ?? undefined, account);

const accountOf = (arn: string): string => arn.split(':')[4] ?? '';

/**
 * Condition keys that every request carries. [IAM user guide: AWS global condition context keys] Loopback counts as TLS: clients of AWS use
 * nothing else, and the simulator has nothing else.
 */
function globalKeys(roleArn: string, region: string, viaService: boolean): Keys {
  const always = {
    'aws:PrincipalArn': roleArn,
    'aws:PrincipalAccount': accountOf(roleArn) || ACCOUNT_ID,
    'aws:ResourceAccount': accountOf(roleArn) || ACCOUNT_ID,
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
