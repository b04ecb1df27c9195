import { GetCommandInvocationCommand, SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterEvent } from '#src/model/state.js';
import type { StatusView } from '#src/model/status.js';
import type { Instance } from '../../packages/aws-simulator/src/contract.js';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import type { CallEntry } from '../../packages/aws-simulator/src/record.js';
import { nextLook, PATIENCE_MS } from '../support/patience.js';
import { openStackFixture, type StackFixture } from './fixture.js';
import { watchApi } from './support/api-watch.js';
import { fewestServing, notesOf } from './support/fewest-serving.js';
import { instancesOf } from './support/kubectl.js';

const NAME = 'cared-for';
/** What changes anything on a node. */
const CHANGING = /-(found|join|install|service-start|service-stop|drain|remove-node|reset-member|uninstall)-/;

let fixture: StackFixture;
let ssm: SSMClient;
beforeAll(async () => {
  fixture = await openStackFixture();
  ssm = new SSMClient({ endpoint: fixture.stack.region.url, region: 'eu-west-1', credentials: CREDENTIALS.admin });
});
afterAll(async () => {
  ssm?.destroy();
  await fixture?.close();
});

const status = () => fixture.client.workflow.getHandle(`cluster/${NAME}`).query<StatusView>('status');
const events = () => fixture.client.workflow.getHandle(`cluster/${NAME}`).query<ClusterEvent[]>('events');

async function until(holds: (seen: StatusView) => boolean): Promise<StatusView> {
  const began = performance.now();
  for (;;) {
    const seen = await status();
    if (holds(seen)) return seen;
    if (performance.now() > began + PATIENCE_MS)
      throw new Error(`never so: ${JSON.stringify([seen, await events()]).slice(0, 6_000)}`);
    await nextLook(began);
  }
}

const instanceOf = (seen: StatusView, slot: string): string =>
  seen.nodes.find((node) => node.slot === slot)?.instanceId ?? '';
const terminate = (id: string) => fixture.region(`instances/${id}/terminate?hard`, { method: 'POST' });

async function serversAt(): Promise<string[]> {
  const instances = await fixture.region<Instance[]>('instances');
  return instances.flatMap((one) =>
    one.tags['keelson:slot']?.startsWith('server-') && one.state === 'running' && one.publicIp ? [one.publicIp] : [],
  );
}

/** What Kubernetes itself says, asked past Keelson. */
async function kubectl(instance: string, command: string): Promise<string> {
  const { Command } = await ssm.send(
    new SendCommandCommand({
      DocumentName: 'AWS-RunShellScript',
      InstanceIds: [instance],
      Parameters: { commands: [`k3s kubectl ${command}`] },
    }),
  );
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    const told = await ssm
      .send(new GetCommandInvocationCommand({ CommandId: Command?.CommandId, InstanceId: instance }))
      .catch(() => undefined);
    if (told?.Status === 'Success') return told.StandardOutputContent ?? '';
    if (told?.Status === 'Failed') throw new Error(told.StandardErrorContent);
  }
}

describe('a server of three that someone terminates', () => {
  it('is replaced: three voters, no stale node, and the API answers throughout', async () => {
    // Prepare
    await fixture.keelson(
      'apply',
      '-f',
      fixture.document(NAME, { mode: 'ha', health: { gracePeriod: '10s' } }),
      '--wait',
    );
    const { stdout: kubeconfig } = await fixture.keelson('kubeconfig', NAME);
    const born = await status();
    const servers = await instancesOf(fixture, NAME);
    const { length: noted } = await notesOf(fixture);
    const watch = watchApi(kubeconfig, serversAt);
    // Act
    await terminate(instanceOf(born, 'server-0'));
    const repaired = await until(
      (seen) => seen.operations.at(-1)?.kind === 'repair' && seen.operation === null && seen.health === 'Healthy',
    );
    const seen = await watch.stop();
    const nodes = await kubectl(
      instanceOf(repaired, 'server-1'),
      `get nodes -o 'custom-columns=N:.metadata.name,V:.status.conditions[?(@.type=="EtcdIsVoter")].status'`,
    );
    // Assess
    process.stdout.write(
      `API during replacement: ${seen.answers} answers, longest gap ${seen.longestGapMs.toFixed(0)} ms\n`,
    );
    expect(repaired.operations.at(-1)).toMatchObject({ kind: 'repair', outcome: 'done' });
    expect(
      nodes
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(/ +/))
        .sort(),
    ).toEqual([
      [`${NAME}-server-0-g2`, 'True'],
      [`${NAME}-server-1-g1`, 'True'],
      [`${NAME}-server-2-g1`, 'True'],
    ]);
    expect(seen.answers).toBeGreaterThan(5);
    expect(fewestServing(servers, await notesOf(fixture, noted))).toBe(2);
    expect(await fixture.region('duplicates')).toEqual([]);
  });

  it('is one too many when another one is gone: nothing that could cost data is done, and all of it is said', async () => {
    // Prepare
    const before = await status();
    const callsBefore = (await fixture.region<{ calls: CallEntry[] }>('record')).calls.length;
    // Act: seen at once, for of one alone a repair may begin
    await fixture.keelson('pause', NAME);
    for (const slot of ['server-0', 'server-2']) await terminate(instanceOf(before, slot));
    await fixture.keelson('resume', NAME);
    const told = await until((seen) => seen.lastError?.code === 'QuorumLost');
    const { stdout: explained } = await fixture.keelson('explain', NAME);
    await fixture.client.workflow.getHandle(`cluster/${NAME}`).signal('reconcile', { reason: 'a test' });
    await until((seen) => seen.lastError?.code === 'QuorumLost' && seen.operation === null);
    const { calls } = await fixture.region<{ calls: CallEntry[] }>('record');
    const since = calls.slice(callsBefore);
    // Assess
    expect(told).toMatchObject({ phase: 'Failed', health: 'Unhealthy' });
    expect(explained).toContain('QuorumLost');
    expect(explained).toContain('--cluster-reset');
    expect(explained).toContain(instanceOf(before, 'server-1'));
    const jobs = since.flatMap((call) => JSON.stringify(call).match(CHANGING) ?? []);
    expect(jobs).toEqual([]);
    expect(since.filter(({ action }) => /^(Run|Terminate|Start|Stop|Reboot)Instances$/.test(action))).toEqual([]);
    const instance = (await fixture.region<Instance[]>('instances')).find(
      (one) => one.id === instanceOf(before, 'server-1'),
    );
    expect(instance?.state).toBe('running');
    expect(await fixture.keelson('delete', NAME, '--yes', '--wait')).toMatchObject({ code: 0 });
  });
});
