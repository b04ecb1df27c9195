/** Where a story about permissions plays: a cluster's name of its own, with clients that remember nothing of another story. */
import {
  CreateSnapshotCommand,
  type EC2Client,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { expect, vi } from 'vitest';
import type { Activities, CallContext } from '#src/activities/api.js';
import { type Bucket, createBucket } from '#src/aws/bucket.js';
import { clientTokenOf } from '#src/aws/client-token.js';
import { type AwsClients, createAwsClients } from '#src/aws/clients.js';
import { type BucketKey, bucketKeyOf } from '#src/model/bucket.js';
import type { ClusterDocument } from '#src/model/spec/schema.js';
import { nodeTags, snapshotTags } from '#src/model/tags.js';
import type { InstanceState } from '../../../packages/aws-simulator/src/contract.js';
import { type CallerName, CREDENTIALS, STACK_GUID } from '../../../packages/aws-simulator/src/credentials.js';
import type { Region } from '../../../packages/aws-simulator/src/server.js';
import { PATIENCE_MS } from '../../support/patience.js';
import { activitiesFor, BUCKET, documentWith, installationFor, REGION, scopeFor } from './fixture.js';

/** What is prepared takes milliseconds; a busy machine may take many times as long. */
const PATIENCE = { timeout: PATIENCE_MS, interval: 5 };

let scenes = 0;

export class Scene {
  readonly scope: CallContext;
  readonly worker: AwsClients;
  readonly activities: Activities;
  private launched = 0;
  private readonly opened: { destroy(): void }[] = [];

  constructor(readonly region: Region) {
    scenes += 1;
    this.scope = scopeFor(`cluster-${scenes}`);
    this.worker = this.clientsOf('worker');
    this.activities = activitiesFor(this.worker);
  }

  clientsOf(caller: CallerName): AwsClients {
    const { url: endpoint } = this.region;
    const clients = createAwsClients({
      homeRegion: REGION,
      version: 'test',
      endpoint,
      credentials: CREDENTIALS[caller],
    });
    this.opened.push(clients);
    return clients;
  }

  bucketOf(caller: CallerName): Bucket {
    return createBucket(this.clientsOf(caller), BUCKET);
  }

  key(name: BucketKey): string {
    return bucketKeyOf(this.scope.cluster, name);
  }

  document(spec: Record<string, unknown> = {}): ClusterDocument {
    return documentWith({ k3s: { version: 'v1.34.2+k3s1', mirror: `${this.region.url}/_mirror` }, ...spec });
  }

  /** An instance of the cluster, launched by the administrator. @returns its id, once it runs */
  async instance({ agent = false, keepVolume = false } = {}): Promise<string> {
    const { region, scope } = this;
    const image = region.ec2.accounts.get(REGION)?.images.find((one) => one.architecture === 'x86_64');
    const installation = await installationFor(this.worker)();
    // A replaced node and its successor differ in their generation.
    this.launched += 1;
    const node = { ...scope, installation: installation.id, slot: 'server-0', generation: this.launched };
    const Tags = Object.entries(nodeTags(node, {})).map(([Key, Value]) => ({ Key, Value }));
    const { Instances: [one] = [] } = await this.admin().ec2.send(
      new RunInstancesCommand({
        ImageId: image?.id,
        InstanceType: 't3.medium',
        ClientToken: clientTokenOf(installation, node, 'a story'),
        MinCount: 1,
        MaxCount: 1,
        ...(agent && { IamInstanceProfile: { Name: 'keelson-node' } }),
        BlockDeviceMappings: [{ DeviceName: image?.rootDeviceName, Ebs: { DeleteOnTermination: !keepVolume } }],
        TagSpecifications: (['instance', 'volume'] as const).map((ResourceType) => ({ ResourceType, Tags })),
      }),
    );
    const id = one?.InstanceId ?? '';
    await this.reaches(id, 'running');
    if (agent) await this.registers(id);
    return id;
  }

  /** A snapshot of an instance's volume with the tags of those that Keelson makes, made by the administrator. */
  async snapshot(instanceId: string): Promise<void> {
    const volumes = this.region.ec2.accounts.get(REGION)?.volumes.values() ?? [];
    const volume = [...volumes].find((one) => one.instanceId === instanceId);
    const tags = snapshotTags({ ...this.scope, installation: STACK_GUID, slot: 'server-0', generation: 1 }, {});
    const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
    const TagSpecifications = [{ ResourceType: 'snapshot' as const, Tags }];
    await this.admin().ec2.send(new CreateSnapshotCommand({ VolumeId: volume?.id, TagSpecifications }));
  }

  async terminate(id: string): Promise<void> {
    await this.admin().ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
    await this.reaches(id, 'terminated');
  }

  async reaches(id: string, state: InstanceState): Promise<void> {
    await vi.waitFor(() => expect(this.region.world.instances.get(id)?.state).toBe(state), PATIENCE);
  }

  /** @throws Error when the role of the instance keeps its agent away */
  async registers(id: string): Promise<void> {
    const { ssm } = this.admin();
    const Filters = [{ Key: 'InstanceIds', Values: [id] }];
    const refusal = () =>
      this.region.world.record.notes.find(({ kind, data }) => kind === 'agent-refused' && data['instanceId'] === id);
    await vi.waitFor(async () => {
      if (refusal() !== undefined) return;
      const { InstanceInformationList } = await ssm.send(new DescribeInstanceInformationCommand({ Filters }));
      expect(InstanceInformationList).toMatchObject([{ PingStatus: 'Online' }]);
    }, PATIENCE);
    expect(refusal()).toBeUndefined();
  }

  admin(): { ec2: EC2Client; ssm: SSMClient } {
    const clients = this.clientsOf('admin');
    return { ec2: clients.ec2(REGION), ssm: clients.ssm(REGION) };
  }

  close(): void {
    for (const one of this.opened) one.destroy();
  }
}
