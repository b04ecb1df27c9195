import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import type { AwsClients } from '../../aws/clients.js';
import { clientsFor } from '../clusters/accounts.js';
import { asked } from '../doctor/asked.js';
import { type Caller, callerOf } from '../doctor/caller.js';
import { Checklist, NotMeasured } from '../doctor/checklist.js';
import { mirrorRelease } from '../doctor/mirror.js';
import { permissions } from '../doctor/permissions.js';
import { instanceProfile } from '../doctor/profile.js';
import { vcpuQuota } from '../doctor/quota.js';
import { ssmReach } from '../doctor/ssm.js';
import { CliError, EXIT } from '../exit.js';
import type { Colors } from '../io.js';
import { type Format, show } from '../output.js';
import type { Check } from '../outputs.js';
import type { Session } from '../session.js';
import { table } from '../views/table.js';
import { age } from '../views/time.js';
import { compareWithAccount } from './account.js';
import { type LoadedDocument, loadDocument } from './documents.js';

/** A worker polls at least once a minute. [Temporal server: matching.longPollExpirationInterval] */
const POLL_MS = 90_000;

/**
 * `keelson doctor`: what has to work before a cluster can be made, each checked separately with the person's own credentials; changes nothing.
 *
 * @throws CliError `failed` when a check has failed; one that could not be made fails nothing
 */
export async function doctor(session: Session, options: { file?: string; output: Format }): Promise<void> {
  const list = new Checklist();
  const loaded = options.file === undefined ? null : await loadDocument(session.io, options.file);
  const reached = await checkTemporal(list, session);
  await checkAws(list, session, loaded);
  if (loaded !== null) await list.add('document and account', () => documentFits(session, loaded, reached));
  await list.add('K3s mirror', () => mirrorRelease(session, loaded?.document ?? null));
  show(session.io, options.output, list.checks, (colors, seen, screen) =>
    table(
      ['check', 'result', 'message'],
      seen.map((one) => [
        one.check,
        painted(colors, one),
        one.hint === '' ? one.message : `${one.message} -> ${one.hint}`,
      ]),
      screen,
    ),
  );
  if (list.failed > 0) throw new CliError(EXIT.failed, `${list.failed} of ${list.checks.length} checks have failed`);
}

/** @returns whether Temporal answers */
async function checkTemporal(list: Checklist, session: Session): Promise<boolean> {
  const reached = await list.add('Temporal', async () => {
    await (await session.clusters()).namespaceId();
    const { address, namespace } = session.context();
    return `${address}, namespace ${namespace}`;
  });
  if (!reached) return false;
  await list.add('search attributes', async () => `${(await (await session.clusters()).list()).length} cluster(s)`);
  await list.add('worker', async () => {
    const clusters = await session.clusters();
    const last = await clusters.lastPoll();
    if (last === null || Date.now() - last > POLL_MS)
      throw new CliError(
        EXIT.unreachable,
        `no worker polls task queue ${clusters.taskQueue}`,
        'start one: npm run worker',
      );
    return `task queue ${clusters.taskQueue}, last poll ${age(new Date(last).toISOString())} ago`;
  });
  return true;
}

async function checkAws(list: Checklist, session: Session, loaded: LoadedDocument | null): Promise<void> {
  const document = loaded?.document ?? null;
  const aws = async (): Promise<AwsClients> => clientsFor(session, document?.spec.account);
  const region = async (): Promise<string> => document?.spec.region ?? (await session.aws()).homeRegion;
  let caller: Caller | null = null;
  const isKnown = await list.add('AWS credentials', async () => {
    caller = await callerOf(await aws(), await region());
    return `account ${caller.account}, ${caller.arn}`;
  });
  await list.add('bucket', async () => {
    const bucket = await session.bucket();
    await bucket.get('clusters/-/status.yaml');
    return bucket.name;
  });
  // With credentials that AWS refuses, the other five checks would all report the same error.
  if (!isKnown) return;
  const where = await region();
  await list.add('permissions', async () => {
    const { bucket } = session.context();
    if (caller === null || bucket === null) throw new NotMeasured('KEELSON_BUCKET is not set');
    return permissions(await session.aws(), where, await callerOf(await session.aws(), where), bucket);
  });
  await list.add(`EC2 in ${where}`, async () => {
    const clients = await aws();
    const ask = () => clients.ec2(where).send(new DescribeSubnetsCommand({ MaxResults: 100 }));
    return `${(await asked('ec2:DescribeSubnets', ask)).Subnets?.length ?? 0} subnet(s)`;
  });
  await list.add('vCPU quota', async () => vcpuQuota(await aws(), where, document));
  await list.add(`SSM in ${where}`, async () => ssmReach(await aws(), where, document?.metadata.name ?? null));
  const named = document?.spec.access.instanceProfile ?? (session.io.env['KEELSON_INSTANCE_PROFILE'] || undefined);
  await list.add('instance profile', async () => instanceProfile(await aws(), where, named));
}

/** Returns whether the account has what the document names, and whether that fits. */
async function documentFits(session: Session, loaded: LoadedDocument, reached: boolean): Promise<string> {
  if (!reached) throw new NotMeasured('Temporal was not reached, so there is no plan to compare');
  const planned = await (await session.clusters()).plan(loaded.document);
  const { unasked, warnings } = await compareWithAccount(session, loaded, planned);
  if (unasked !== null) throw new NotMeasured(unasked);
  return ['the account has what the document names', ...warnings.map(({ message }) => `but ${message}`)].join('; ');
}

function painted(colors: Colors, { result }: Check): string {
  if (result === 'ok') return colors.green('ok');
  return result === 'failed' ? colors.red('failed') : colors.yellow('unknown');
}
