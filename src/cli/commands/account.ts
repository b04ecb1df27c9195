import { ApplicationFailure } from '@temporalio/common';
import { accountFacts } from '../../aws/account/facts.js';
import { messageOf } from '../../aws/error-code.js';
import { detailOf } from '../../aws/failure.js';
import { pointTo } from '../../document/point.js';
import type { Problem } from '../../document/problem.js';
import type { Plan } from '../../model/plan/index.js';
import { type AccountFacts, unfitFor } from '../../model/spec/account.js';
import { withoutRoom } from '../../model/spec/account-room.js';
import { accountWarnings } from '../../model/spec/account-warnings.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import type { Violation } from '../../model/spec/violation.js';
import type { PreflightResult } from '../../workflows/preflight.js';
import { clientsFor } from '../clusters/accounts.js';
import { say } from '../io.js';
import { invalidDocument } from '../problems.js';
import type { Session } from '../session.js';
import type { LoadedDocument } from './documents.js';

/** Where a document names what the account does not have. */
const PATHS: Readonly<Record<string, string[]>> = {
  TypeUnknown: ['spec', 'servers', 'instanceType'],
  TypeNotOffered: ['spec', 'servers', 'instanceType'],
  AssumeRoleRefused: ['spec', 'account', 'roleArn'],
  ArchitectureMismatch: ['spec', 'image'],
  GroupNotJoinable: ['spec', 'network'],
  ImageNotAllowed: ['spec', 'image'],
  ImageNotFound: ['spec', 'image'],
  InstanceProfileMissing: ['spec', 'access', 'instanceProfile'],
  InstanceProfileUnknown: ['spec', 'access', 'instanceProfile'],
  MirrorNotAllowed: ['spec', 'k3s', 'mirror'],
  ParameterNotFound: ['spec', 'image', 'ssmParameter'],
  PassRoleDenied: ['spec', 'access', 'instanceProfile'],
  SubnetNotInVpc: ['spec', 'network', 'subnetIds'],
  SubnetUnknown: ['spec', 'network', 'subnetIds'],
  NoSubnets: ['spec', 'network'],
  VersionNotFound: ['spec', 'k3s', 'version'],
  VpcNotAllowed: ['spec', 'network'],
  VpcUnknown: ['spec', 'network', 'vpcId'],
  NoDefaultVpc: ['spec', 'network'],
  SecurityGroupNotAllowed: ['spec', 'network'],
  SecurityGroupNotInVpc: ['spec', 'network', 'securityGroupIds'],
  SecurityGroupUnknown: ['spec', 'network', 'securityGroupIds'],
};

/**
 * Compares a document with the account before anything is stored or made, by the person's own AWS credentials. They may be allowed less
 * than the worker's: what they may not see is a note, and the worker asks again before it makes anything.
 *
 * @returns warnings: what fits and is perhaps not meant
 * @throws CliError `invalid` with file, line and path of each thing that the account does not have or that does not fit it
 */
export async function requireAccount(session: Session, loaded: LoadedDocument, plan: Plan): Promise<Problem[]> {
  if (!plan.steps.some((step) => step.kind === 'preflight')) {
    if (launchesOf(plan).length > 0) await requireRoom(session, loaded, plan);
    return [];
  }
  const { unasked, warnings } = await compareWithAccount(session, loaded, plan);
  if (unasked !== null)
    say(session.io, `note: the account was not asked whether it has all of this, the worker asks it again: ${unasked}`);
  return warnings;
}

/** Of a cluster that is there and grows, all but the addresses is settled. If the account cannot be queried, the launch reports the error. */
async function requireRoom(session: Session, loaded: LoadedDocument, plan: Plan): Promise<void> {
  const { document, text, file } = loaded;
  let facts: AccountFacts;
  try {
    facts = await accountFacts(await clientsFor(session, document.spec.account), document);
  } catch {
    return;
  }
  const unfit = withoutRoom(document, facts, new Set(launchesOf(plan)));
  if (unfit.length > 0) throw invalidDocument(unfit.map(({ violation }) => pointTo(text, file, violation)));
}

interface Compared {
  /** Why the account could not be asked; null when it was asked and has all of it. */
  unasked: string | null;
  /** What fits and is perhaps not meant. */
  warnings: Problem[];
}

/**
 * The same without a word.
 *
 * @throws CliError `invalid` as `requireAccount`
 */
export async function compareWithAccount(session: Session, loaded: LoadedDocument, plan: Plan): Promise<Compared> {
  const { document, text, file } = loaded;
  const point = (violation: Violation): Problem => pointTo(text, file, violation);
  const refused = (violations: readonly Violation[]) => invalidDocument(violations.map(point));
  let facts: AccountFacts;
  try {
    facts = await accountFacts(await clientsFor(session, document.spec.account), document);
  } catch (error) {
    const detail = error instanceof ApplicationFailure ? detailOf(error) : null;
    if (detail?.class === 'invalid') {
      const path = pathOf(document, detail);
      throw refused([{ path, message: `${detail.code}: ${detail.message}`, hint: detail.hint }]);
    }
    return { unasked: detail?.message ?? messageOf(error), warnings: [] };
  }
  // Those of a cluster that exists are settled, whatever the VPC has got since.
  const compared = isNew(plan) ? facts : { ...facts, vpcCidrs: [] };
  const unfit = unfitFor(document, compared, new Set(launchesOf(plan)));
  if (unfit.length > 0) throw refused(unfit.map(({ violation }) => violation));
  return { unasked: null, warnings: isNew(plan) ? accountWarnings(document, facts).map(point) : [] };
}

const isNew = ({ steps }: Plan): boolean => steps.some(({ kind }) => kind === 'bootstrap');

/** Slots that get an instance beside those that are there: one that is replaced gives its address back first. */
function launchesOf({ steps }: Plan): string[] {
  const of = (kind: string) => steps.flatMap((step) => (step.kind === kind ? (step.slot ?? []) : []));
  const replaced = new Set(of('terminate-for-replacement'));
  return of('launch').filter((slot) => !replaced.has(slot));
}

/**
 * Asks a worker what it would be refused: the credentials of the person tell nothing of which roles it may pass. Nothing is made.
 *
 * @throws CliError `invalid` with file, line and path
 */
export async function requireWorker(session: Session, loaded: LoadedDocument, plan: Plan): Promise<void> {
  if (!plan.steps.some((step) => step.kind === 'preflight')) return;
  const { document, text, file } = loaded;
  const note = (reason: string): void =>
    say(session.io, `note: no worker has said whether it may launch this, it asks before it makes anything: ${reason}`);
  let problem: PreflightResult;
  try {
    problem = await (await session.clusters()).preflight({
      document,
      networksInUse: !isNew(plan),
      launching: launchesOf(plan),
    });
  } catch (error) {
    note(messageOf(error));
    return;
  }
  if (problem === null) return;
  const { code, message, hint } = problem;
  if (problem.class !== 'auth' && problem.class !== 'invalid') {
    note(`${code}: ${message}`);
    return;
  }
  const violation = { path: pathOf(document, problem), message: `${code}: ${message}`, hint: hint };
  throw invalidDocument([pointTo(text, file, violation)]);
}

/** A type may be that of a pool. */
function pathOf(
  document: ClusterDocument,
  { code, types = [] }: { code: string; types?: string[] },
): (string | number)[] {
  const { servers, pools } = document.spec;
  const index = pools.findIndex((pool) => types.includes(pool.instanceType));
  if (index >= 0 && !types.includes(servers.instanceType)) return ['spec', 'pools', index, 'instanceType'];
  if (types.includes(servers.instanceType)) return ['spec', 'servers', 'instanceType'];
  return PATHS[code] ?? ['spec'];
}
