import { setTimeout as sleep } from 'node:timers/promises';
import {
  DescribeSecurityGroupsCommand,
  DescribeVpcsCommand,
  EC2Client,
  ModifyInstanceAttributeCommand,
} from '@aws-sdk/client-ec2';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import type { ClusterEvent, Operation } from '../../src/model/state.js';
import type { NodeStatus, StatusView } from '../../src/model/status.js';
import type { BenchStack } from '../stack.js';

/** What a breakage and the repair after it take at most; then the benchmark has failed. */
const LIMIT_MS = 12 * 60_000;
const PAUSE_MS = 250;

/** A cluster of the benchmark on which things are broken one after the other. */
export class Lane {
  private readonly plans: string[] = [];

  constructor(
    readonly bench: BenchStack,
    readonly name: string,
    private readonly spec: Record<string, unknown>,
  ) {}

  get handle() {
    return this.bench.client.workflow.getHandle(`cluster/${this.name}`);
  }

  document(changed: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      apiVersion: 'keelson/v1',
      kind: 'Cluster',
      metadata: { name: this.name },
      spec: {
        region: 'eu-west-1',
        mode: 'ha',
        servers: { instanceType: 't3.medium' },
        k3s: { version: 'v1.34.2+k3s1' },
        // What comes after a restart by our own hand is to be seen soon: the next thing is broken right after.
        health: { gracePeriod: '10s', replaceAfter: '1m' },
        ...this.spec,
        ...changed,
      },
    };
  }

  async create(): Promise<void> {
    await this.bench.client.workflow.start('cluster', {
      workflowId: `cluster/${this.name}`,
      taskQueue: 'keelson',
      args: [this.document()],
    });
    await this.well();
  }

  status(): Promise<StatusView> {
    return this.handle.query<StatusView>('status');
  }

  events(): Promise<ClusterEvent[]> {
    return this.handle.query<ClusterEvent[]>('events');
  }

  async node(slot: string): Promise<NodeStatus> {
    const found = (await this.status()).nodes.find((one) => one.slot === slot);
    if (found === undefined) throw new Error(`${this.name} has no ${slot}`);
    return found;
  }

  async instance(slot: string): Promise<string> {
    const { instanceId } = await this.node(slot);
    if (instanceId === null) throw new Error(`${slot} of ${this.name} has no instance`);
    return instanceId;
  }

  /** As if someone did it at the console: terminate, stop, crash. */
  async act(slot: string, action: string): Promise<void> {
    await this.bench.region(`/_region/instances/${await this.instance(slot)}/${action}`, { method: 'POST' });
  }

  /** Something breaks on the machine behind a slot. */
  async machine(slot: string, what: Record<string, unknown>): Promise<void> {
    await this.bench.region(`/_region/machines/${await this.instance(slot)}`, { method: 'POST', body: what });
  }

  /** Someone moves an instance into the default group of its VPC. */
  async regroup(slot: string): Promise<void> {
    const InstanceId = await this.instance(slot);
    const { region } = this.bench.stack;
    const ec2 = new EC2Client({ endpoint: region.url, region: 'eu-west-1', credentials: CREDENTIALS.admin });
    const own = await ec2.send(new DescribeVpcsCommand({ Filters: [{ Name: 'is-default', Values: ['true'] }] }));
    const Filters = [
      { Name: 'group-name', Values: ['default'] },
      { Name: 'vpc-id', Values: (own.Vpcs ?? []).flatMap(({ VpcId }) => VpcId ?? []) },
    ];
    const { SecurityGroups = [] } = await ec2.send(new DescribeSecurityGroupsCommand({ Filters }));
    const Groups = SecurityGroups.flatMap(({ GroupId }) => GroupId ?? []);
    await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId, Groups }));
    ec2.destroy();
  }

  /** Someone changes the type of an instance at the console, while Keelson is told to leave the cluster alone. */
  async retype(slot: string, type: string): Promise<void> {
    const id = await this.instance(slot);
    const { region } = this.bench.stack;
    const ec2 = new EC2Client({ endpoint: region.url, region: 'eu-west-1', credentials: CREDENTIALS.admin });
    const isStopped = async () => {
      const instances = await this.bench.region<{ id: string; state: string }[]>('/_region/instances');
      return instances.some((one) => one.id === id && one.state === 'stopped');
    };
    await this.handle.executeUpdate('pause', { args: [{}] });
    await this.act(slot, 'stop');
    while (!(await isStopped())) await sleep(PAUSE_MS);
    await ec2.send(new ModifyInstanceAttributeCommand({ InstanceId: id, InstanceType: { Value: type } }));
    await this.act(slot, 'start');
    await this.handle.executeUpdate('resume', { args: [{}] });
    ec2.destroy();
  }

  /** Adds a fault plan, to be removed by `undo`. */
  async fault(plan: Record<string, unknown>): Promise<void> {
    const { ids } = await this.bench.region<{ ids: string[] }>('/_region/faults', { method: 'POST', body: plan });
    this.plans.push(...ids);
  }

  /** Whether the fault plan is one of its own. */
  has(plan: string): boolean {
    return this.plans.includes(plan);
  }

  /** Takes all its fault plans away. */
  async undo(): Promise<void> {
    for (const id of this.plans.splice(0)) await this.bench.region(`/_region/faults/${id}`, { method: 'DELETE' });
  }

  /** Stores an object of the cluster, as a user; by default its document, anything else as the administrator. */
  async put(body: string, name = 'config.yaml'): Promise<void> {
    const { variables, region } = this.bench.stack;
    const s3 = new S3Client({
      endpoint: region.url,
      region: 'eu-west-1',
      forcePathStyle: true,
      credentials: name === 'config.yaml' ? CREDENTIALS.user : CREDENTIALS.admin,
    });
    const Key = `clusters/${this.name}/${name}`;
    await s3.send(new PutObjectCommand({ Bucket: variables['KEELSON_BUCKET'], Key, Body: body }));
    s3.destroy();
  }

  /** Until all is as wanted, and no one is in doubt about anything. */
  async well(): Promise<StatusView> {
    return this.until(
      (status) =>
        status.phase === 'Running' &&
        status.health === 'Healthy' &&
        status.operation === null &&
        status.conditions.every((one) => one.status === 'True'),
    );
  }

  async until(holds: (status: StatusView, events: ClusterEvent[]) => boolean): Promise<StatusView> {
    const deadline = Date.now() + LIMIT_MS;
    for (;;) {
      const [status, events] = await Promise.all([this.status(), this.events()]);
      if (holds(status, events)) return status;
      if (Date.now() > deadline) {
        const failing = status.conditions.filter((one) => one.status !== 'True');
        throw new Error(
          `${this.name} never got there: ${status.phase}, ${JSON.stringify([status.lastError, failing])}`,
        );
      }
      await sleep(PAUSE_MS);
    }
  }

  /** Operations that were begun since then. */
  async operationsSince(time: number): Promise<Operation[]> {
    const { operations, operation } = await this.status();
    return [...operations, ...(operation === null ? [] : [operation])].filter(
      (one) => Date.parse(one.startedAt) >= time,
    );
  }
}
