import { DescribeSubnetsCommand } from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../../aws/clients.js';
import { codeOf, messageOf } from '../../aws/error-code.js';
import { accountOf } from '../account.js';
import { clientsFor } from '../clusters/accounts.js';
import { toCliError } from '../errors.js';
import { CliError, EXIT } from '../exit.js';
import { type Format, show } from '../output.js';
import type { Session } from '../session.js';
import { table } from '../views/table.js';
import { age } from '../views/time.js';
import { requireAccount } from './account.js';
import { loadDocument } from './documents.js';
import { requireRelease } from './release.js';

export interface Check {
  check: string;
  result: 'ok' | 'failed' | 'skipped';
  message: string;
}

/** A worker polls at least once a minute. [Temporal server: matching.longPollExpirationInterval] */
const POLL_MS = 90_000;

/** `keelson doctor`: what has to work before a cluster can be made, each checked separately; ends with 1 when anything has failed. */
export async function doctor(session: Session, options: { file?: string; output: Format }): Promise<void> {
  const checks: Check[] = [];
  const check = async (name: string, run: () => Promise<string>): Promise<boolean> => {
    try {
      checks.push({ check: name, result: 'ok', message: await run() });
      return true;
    } catch (error) {
      const { message, remedy } = toCliError(error);
      checks.push({ check: name, result: 'failed', message: remedy === '' ? message : `${message} -> ${remedy}` });
      return false;
    }
  };
  const reached = await check('Temporal', async () => {
    const clusters = await session.clusters();
    await clusters.namespaceId();
    const { address, namespace } = session.context();
    return `${address}, namespace ${namespace}`;
  });
  if (reached) {
    await check('search attributes', async () => `${(await (await session.clusters()).list()).length} cluster(s)`);
    await check('worker', async () => {
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
  }
  await check('AWS credentials', async () => `account ${await accountOf(session.aws)}`);
  await check('bucket', async () => {
    const bucket = await session.bucket();
    await bucket.get('clusters/-/status.yaml');
    return bucket.name;
  });
  const loaded = options.file === undefined ? null : await loadDocument(session.io, options.file);
  const region = loaded?.document.spec.region ?? (await session.aws()).homeRegion;
  const aws = async (): Promise<AwsClients> => clientsFor(session, loaded?.document.spec.account);
  await check(`EC2 in ${region}`, async () => {
    const answer = await asked(
      async () => (await aws()).ec2(region).send(new DescribeSubnetsCommand({ MaxResults: 100 })),
      'DescribeSubnets',
    );
    return `${answer.Subnets?.length ?? 0} subnet(s)`;
  });
  await check(`SSM in ${region}`, async () => {
    const ssm = (await aws()).ssm(region);
    try {
      await ssm.send(new DescribeInstanceInformationCommand({ MaxResults: 5 }));
      return 'answers';
    } catch (error) {
      // It answers; those who only use the command need no more.
      if (codeOf(error).startsWith('AccessDenied')) return 'answers; logs and exec need NodeAccessPolicy';
      const same = async (): Promise<never> => {
        throw error;
      };
      return await asked(same, 'DescribeInstanceInformation');
    }
  });
  if (loaded !== null && reached) {
    const planned = await (await session.clusters()).plan(loaded.document);
    await check('document and account', async () => {
      await requireAccount(session, loaded, planned);
      return 'the account has what the document names';
    });
    await check('K3s release', async () => {
      await requireRelease(session, loaded, planned);
      return loaded.document.spec.k3s.version;
    });
  }
  show(session.io, options.output, checks, (colors, seen, screen) =>
    table(
      ['check', 'result', 'message'],
      seen.map((one) => [one.check, one.result === 'ok' ? colors.green('ok') : colors.red(one.result), one.message]),
      screen,
    ),
  );
  const failed = checks.filter(({ result }) => result === 'failed').length;
  if (failed > 0) throw new CliError(EXIT.failed, `${failed} of ${checks.length} checks have failed`);
}

async function asked<T>(ask: () => Promise<T>, what: string): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw new CliError(
      EXIT.unreachable,
      `${what}: ${codeOf(error)}: ${messageOf(error)}`,
      "your own credentials are used here, not the worker's",
      { cause: error },
    );
  }
}
