import { ApplicationFailure } from '@temporalio/common';
import { accountFacts } from '../../aws/account/facts.js';
import { messageOf } from '../../aws/error-code.js';
import { detailOf } from '../../aws/failure.js';
import { pointTo } from '../../document/point.js';
import type { Plan } from '../../model/plan/index.js';
import { type AccountFacts, unfitFor } from '../../model/spec/account.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import type { Violation } from '../../model/spec/violation.js';
import { clientsFor } from '../clusters/accounts.js';
import { say } from '../io.js';
import { invalidDocument } from '../problems.js';
import type { Session } from '../session.js';
import type { LoadedDocument } from './documents.js';

/** Where a document names what the account does not have. */
const PATHS: Readonly<Record<string, string[]>> = {
  TypeUnknown: ['spec', 'servers', 'instanceType'],
  TypeNotOffered: ['spec', 'servers', 'instanceType'],
  ArchitectureMismatch: ['spec', 'image'],
  ImageNotFound: ['spec', 'image'],
  ParameterNotFound: ['spec', 'image', 'ssmParameter'],
  SubnetNotInVpc: ['spec', 'network', 'subnetIds'],
  SubnetUnknown: ['spec', 'network', 'subnetIds'],
  NoSubnets: ['spec', 'network'],
  VpcUnknown: ['spec', 'network', 'vpcId'],
  NoDefaultVpc: ['spec', 'network'],
  SecurityGroupNotInVpc: ['spec', 'network', 'securityGroupIds'],
  SecurityGroupUnknown: ['spec', 'network', 'securityGroupIds'],
};

/**
 * Compares a document with the account before anything is stored or made, by the person's own AWS credentials. They may be allowed less
 * than the worker's: what they may not see is a note, and the worker asks again before it makes anything.
 *
 * @throws CliError `invalid` with file, line and path of each thing that the account does not have or that does not fit it
 */
export async function requireAccount(session: Session, loaded: LoadedDocument, plan: Plan): Promise<void> {
  if (!plan.steps.some((step) => step.kind === 'resolve')) return;
  const { document, text, file } = loaded;
  const refused = (violations: readonly Violation[]) =>
    invalidDocument(violations.map((violation) => pointTo(text, file, violation)));
  let facts: AccountFacts;
  try {
    facts = await accountFacts(await clientsFor(session, document.spec.account), document);
  } catch (error) {
    const detail = error instanceof ApplicationFailure ? detailOf(error) : null;
    if (detail?.class === 'invalid') {
      const path = pathOf(document, detail);
      throw refused([{ path, message: `${detail.code}: ${detail.message}`, remedy: detail.advice }]);
    }
    const reason = detail?.message ?? messageOf(error);
    say(session.io, `note: the account was not asked whether it has all of this, the worker asks it again: ${reason}`);
    return;
  }
  // Those of a cluster that is there are settled, whatever the VPC has got since.
  const isNew = plan.steps.some((step) => step.kind === 'found');
  const unfit = unfitFor(document, isNew ? facts : { ...facts, vpcCidrs: [] });
  if (unfit.length > 0) throw refused(unfit.map(({ violation }) => violation));
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
