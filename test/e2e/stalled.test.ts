import { SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterEvent } from '#src/model/state.js';
import type { StatusView } from '#src/model/status.js';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { openStackFixture, type StackFixture } from './fixture.js';
import { atRest } from './support/at-rest.js';

const NAME = 'stalled';

let fixture: StackFixture;
let ssm: SSMClient;
beforeAll(async () => {
  fixture = await openStackFixture();
  ssm = new SSMClient({ endpoint: fixture.stack.region.url, region: 'eu-west-1', credentials: CREDENTIALS.admin });
  const document = fixture.document(NAME, { mode: 'ha', health: { gracePeriod: '10s' } });
  expect(await fixture.keelson('apply', '-f', document, '--wait')).toMatchObject({ code: 0 });
});
afterAll(async () => {
  ssm?.destroy();
  await fixture?.close();
});

const handle = () => fixture.client.workflow.getHandle(`cluster/${NAME}`);
const status = () => handle().query<StatusView>('status');
const events = () => handle().query<ClusterEvent[]>('events');

/** A person stops K3s on a server. @returns when */
async function stopK3s(slot: string): Promise<string> {
  const { nodes } = await status();
  const at = new Date().toISOString();
  await ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [nodes.find((node) => node.slot === slot)?.instanceId ?? ''],
      Parameters: { commands: ['systemctl stop k3s'] },
    }),
  );
  return at;
}

/**
 * Until the watch has reported it: the servers are asked once a minute, and a round of the region watch tells their answer [activities/watch].
 * Events are in the order of their time.
 */
const told = (since: string) =>
  expect
    .poll(async () => (await events()).filter(({ at, reason }) => at > since && reason === 'ReconcileRequested'), {
      interval: 500,
    })
    .toContainEqual(expect.objectContaining({ message: expect.stringMatching(/says (service|notready|voters)=/) }));

const repaired = (operations: number) =>
  expect
    .poll(async () => (await status()).operations.map((one) => `${one.kind} ${one.outcome}`), {
      interval: 500,
    })
    .toEqual(['create done', ...Array.from({ length: operations }, () => 'repair done')]);

const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

describe('a server whose K3s a person stops', () => {
  it('is known and repaired after the worker was suspended for 7 s', async () => {
    // Prepare
    await atRest(fixture, NAME);
    const worker = fixture.stack.worker();
    worker.kill('SIGSTOP');
    await pass(7_000);
    worker.kill('SIGCONT');

    // Act
    const since = await stopK3s('server-1');

    // Assess
    await told(since);
    await repaired(1);
  });

  it('is known and repaired after Temporal was suspended for 8 s', async () => {
    // Prepare
    await atRest(fixture, NAME);
    const { child } = fixture.stack.temporal;
    child.kill('SIGSTOP');
    await pass(8_000);
    child.kill('SIGCONT');

    // Act
    const since = await stopK3s('server-2');

    // Assess
    await told(since);
    await repaired(2);
  });
});
