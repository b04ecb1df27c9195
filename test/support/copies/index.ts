import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { NativeConnection, Worker } from '@temporalio/worker';
import { clientTokenOf } from '#src/aws/client-token.js';
import { workflowIdOf } from '#src/model/execution.js';
import { slotsOf } from '#src/model/ids.js';
import { nodeConfigOf } from '#src/model/plan/wanted.js';
import type { ClusterState } from '#src/model/state.js';
import { INSTALLATION_KEY, type Installation } from '#src/model/trust/installation.js';
import { pack, unpack } from '#src/workflows/cluster/state/pack.js';
import { CREDENTIALS } from '../../../packages/aws-simulator/src/credentials.js';
import { Names } from '../../../packages/aws-simulator/src/paper/copies/names.js';

/** What copies are made with. */
export interface CopyStack {
  client: Client;
  temporal: string;
  regionUrl: string;
  region<T>(path: string, send?: { method: string; body?: unknown }): Promise<T>;
}

/** Signals that a history needs before its server suggests another one, and the most of them under way at once. [facts: 4,096 events] */
const SIGNALS = 4_100;
const AT_ONCE = 100;
const COPIES_A_CALL = 20;

/**
 * Makes more clusters of one that runs on paper, each with instances, disks, etcd and objects of its own and with a workflow that goes on with what
 * the original's carries: thousands of running clusters without the hours that EC2's limits would take. The originals run on.
 */
export class CopiedClusters {
  /** By original. */
  private readonly carried = new Map<string, Promise<[unknown, ClusterState]>>();

  private constructor(
    private readonly stack: CopyStack,
    private readonly worker: Worker,
    private readonly running: Promise<void>,
    private readonly installation: Installation,
  ) {}

  static async open(stack: CopyStack): Promise<CopiedClusters> {
    const worker = await Worker.create({
      connection: await NativeConnection.connect({ address: stack.temporal }),
      taskQueue: 'seats',
      workflowsPath: fileURLToPath(new URL('./seat.ts', import.meta.url)),
      // A seat has little to do, and leaves soon.
      maxCachedWorkflows: 100,
    });
    return new CopiedClusters(stack, worker, worker.run(), await installationOf(stack));
  }

  /** Learns what the original's workflow carries, by thousands of signals: while nothing else is at work. */
  learn(original: string): Promise<[unknown, ClusterState]> {
    const carried = this.carried.get(original) ?? this.carriedBy(original);
    this.carried.set(original, carried);
    return carried;
  }

  /** Makes copies of one original. Their machines boot after this; `begin` gives them their workflows. */
  async make(original: string, names: readonly string[]): Promise<{ begin(): Promise<void> }> {
    const { stack } = this;
    const [document, state] = await this.learn(original);
    const { firstRunId } = await this.ownerOf(original);
    const carried = new Map<string, [unknown, Uint8Array]>();
    for (let at = 0; at < names.length; at += COPIES_A_CALL) {
      const copies = await Promise.all(
        names.slice(at, at + COPIES_A_CALL).map(async (name) => {
          const run = await stack.client.workflow.start('seat', { workflowId: workflowIdOf(name), taskQueue: 'seats' });
          const uid = randomUUID();
          return {
            name,
            uid,
            tokens: this.tokensOf(state, name, uid),
            replace: { [firstRunId]: run.firstExecutionRunId },
          };
        }),
      );
      const answer = await stack.region<{ copies: { name: string; replaced: Record<string, string> }[] }>(
        '/_region/copies',
        { method: 'POST', body: { of: original, copies } },
      );
      for (const { name, replaced } of answer.copies) {
        const swap = new Names();
        for (const [from, to] of Object.entries(replaced)) swap.set(from, to);
        carried.set(name, [swap.swapIn(document), pack(configured(swap.swapIn(state)))]);
      }
    }
    return {
      begin: () =>
        inLanes([...carried], AT_ONCE, async ([name, args]) => {
          await stack.client.workflow.getHandle(workflowIdOf(name)).signal('begin', ...args);
        }),
    };
  }

  /** Resolves when all machines of the region have their agents, and their K3s answers. */
  async untilUp(limitMs: number): Promise<void> {
    const until = Date.now() + limitMs;
    for (;;) {
      const up = await this.stack.region<{ machines: number; online: number; serving: number }>('/_region/copies');
      if (up.online === up.machines && up.serving === up.machines) return;
      if (Date.now() > until) throw new Error(`not all copies are up: ${JSON.stringify(up)}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  async close(): Promise<void> {
    this.worker.shutdown();
    await this.running;
  }

  /** Lets the original continue as new, and returns what its next history begins with. */
  private async carriedBy(name: string): Promise<[unknown, ClusterState]> {
    const handle = this.stack.client.workflow.getHandle(workflowIdOf(name));
    const { runId } = await handle.describe();
    const floods = Array.from({ length: SIGNALS }, () => 'drilled');
    // The last one turns the loop, which continues as new where its history is long.
    await inLanes(floods, AT_ONCE, (signal) => handle.signal(signal, {}));
    for (;;) {
      await handle.signal('reconcile', { reason: 'continue as new' });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      if ((await handle.describe()).runId !== runId) break;
    }
    const { events } = await handle.fetchHistory();
    const started = events?.[0]?.workflowExecutionStartedEventAttributes;
    const [document, packed] = (started?.input?.payloads ?? []).map((one) =>
      defaultPayloadConverter.fromPayload<unknown>(one as never),
    );
    return [document, unpack(packed as Uint8Array)];
  }

  private async ownerOf(name: string): Promise<{ firstRunId: string }> {
    return JSON.parse((await textOf(this.stack, `clusters/${name}/owner.json`)) ?? '{}') as { firstRunId: string };
  }

  private tokensOf({ slots }: ClusterState, cluster: string, uid: string): Record<string, string> {
    const owner = { installation: this.installation.id, cluster, uid };
    return Object.fromEntries(
      Object.values(slots).map(({ name: slot, generation }) => [
        slot,
        clientTokenOf(this.installation, { ...owner, slot, generation }, 'copy'),
      ]),
    );
  }
}

/** The configuration of each node names other nodes than the original's, and so has another fingerprint. */
function configured(state: ClusterState): ClusterState {
  for (const wanted of slotsOf(state.document)) {
    const slot = state.slots[wanted.name];
    if (slot?.instance != null) slot.configHash = nodeConfigOf(state.document, state, wanted, slot, slot.instance).hash;
  }
  return state;
}

async function installationOf(stack: CopyStack): Promise<Installation> {
  const { id } = JSON.parse((await textOf(stack, INSTALLATION_KEY.id)) ?? '{}') as { id: string };
  return { id, key: Buffer.from((await textOf(stack, INSTALLATION_KEY.seal)) ?? '', 'hex') };
}

/** As the worker reads the bucket. */
async function textOf({ regionUrl }: CopyStack, key: string): Promise<string | undefined> {
  const { accessKeyId, secretAccessKey } = CREDENTIALS.worker;
  const s3 = new S3Client({
    region: 'eu-west-1',
    endpoint: regionUrl,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'keelson-local', Key: key }));
  return await Body?.transformToString();
}

async function inLanes<T>(items: readonly T[], lanes: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items];
  const lane = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await work(next);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}
