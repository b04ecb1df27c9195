/** EventBridge with the rules of deploy/aws: state changes of instances and documents put into the bucket, into one queue. */
import { randomUUID } from 'node:crypto';
import type { Instance } from '../contract.js';
import { ACCOUNT_ID } from '../ec2/network.js';
import type { Queue } from '../sqs/queue.js';
import type { LocalWorld } from '../world.js';

/** The rules of deploy/aws, by the source of their events. */
const RULES = { 'aws.ec2': 'InstanceRule', 'aws.s3': 'ConfigRule' } as const;
type Source = keyof typeof RULES;

export class EventBus {
  private queue: Queue | null = null;

  /** @param maySend whether a rule may put its events into the queue; others are lost, as on AWS */
  constructor(
    private readonly world: LocalWorld,
    private readonly maySend: (rule: (typeof RULES)[Source]) => Promise<boolean>,
  ) {}

  deliverTo(queue: Queue): void {
    this.queue = queue;
  }

  /** Events of other accounts come by the rule of deploy/aws/member-account.yaml, which sends them to the bus of the stack. */
  instanceState({ account, region, id }: Pick<Instance, 'account' | 'region' | 'id'>, state: string): void {
    const arn = `arn:aws:ec2:${region}:${account}:instance/${id}`;
    const detail = { 'instance-id': id, state };
    this.put('aws.ec2', 'EC2 Instance State-change Notification', { region, account }, [arn], detail);
  }

  /** As in the rule's pattern: only documents of clusters. */
  objectCreated(region: string, bucket: string, object: { key: string; size: number; etag: string }): void {
    if (!/^clusters\/[^/]+\/config\.yaml$/.test(object.key)) return;
    const detail = {
      version: '0',
      bucket: { name: bucket },
      object: { key: object.key, size: object.size, etag: object.etag.replaceAll('"', '') },
      reason: 'PutObject',
    };
    this.put('aws.s3', 'Object Created', { region, account: ACCOUNT_ID }, [`arn:aws:s3:::${bucket}`], detail);
  }

  /** Fault point `event`: effects `drop`, `twice`; `delayMs` makes it late. */
  private put(
    source: Source,
    detailType: string,
    { region, account }: Pick<Instance, 'account' | 'region'>,
    resources: string[],
    detail: Record<string, unknown>,
  ): void {
    const { queue, world } = this;
    if (queue === null) return;
    const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    const event = { version: '0', id: randomUUID(), 'detail-type': detailType, source, account, time };
    const body = JSON.stringify({ ...event, region, resources, detail });
    const fault = world.fault('event', { source, region, instanceId: detail['instance-id'], ...detail });
    if (fault?.effect === 'drop') return;
    const deliver = async (): Promise<void> => {
      await world.wait(world.profile.event + (fault?.delayMs ?? 0));
      if (!(await this.maySend(RULES[source]))) return world.note('event-refused', { rule: RULES[source] });
      queue.send(body);
      if (fault?.effect === 'twice') queue.send(body);
    };
    world.background(`event of ${source}`, deliver());
  }
}
