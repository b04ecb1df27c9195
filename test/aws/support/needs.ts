/**
 * What Keelson needs of AWS, one short story a need: told through its own activities, bucket and commands, with the key of the role that
 * does it on AWS. A story fails when it is refused something.
 */
import { CreateCapacityReservationCommand, RevokeSecurityGroupEgressCommand } from '@aws-sdk/client-ec2';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { accountFacts } from '#src/aws/account/facts.js';
import { readInstallationId } from '#src/aws/installation.js';
import { enabledRegions, findTagged } from '#src/aws/tagged.js';
import { readOwner } from '#src/cli/clusters/owner.js';
import { instanceProfile } from '#src/cli/doctor/profile.js';
import { vcpuQuota } from '#src/cli/doctor/quota.js';
import { remove } from '#src/cli/orphans/remove.js';
import { backupKeyOf, backupPrefix } from '#src/model/backup/keys.js';
import { BUCKET_KEY } from '#src/model/bucket.js';
import { INSTALLATION_KEY } from '#src/model/trust/installation.js';
import { STACK_GUID } from '../../../packages/aws-simulator/src/credentials.js';
import { MEMBER_ACCOUNT_ID } from '../../../packages/aws-simulator/src/ec2/network.js';
import { MEMBER_EXTERNAL_ID } from '../../../packages/aws-simulator/src/iam/policies.js';
import { memberRoleArn, NODE_PROFILE } from '../../../packages/aws-simulator/src/iam/principals.js';
import { BUCKET, failureOf, installationFor, REGION, run } from './fixture.js';
import { DATA_VOLUME, launch, makeGroups, place, saveRootVolume } from './make.js';
import { NODE_NEEDS } from './node-needs.js';
import type { Scene } from './scene.js';

/** Names an image with K3s in it, as deploy/image/image-builder.yaml does. */
const CARRIED = '/keelson/images/k3s-amd64';

export interface Need {
  what: string;
  story: (scene: Scene) => Promise<unknown>;
}

const EC2_NEEDS: Need[] = [
  {
    what: 'the worker assumes the role of a cluster in another account',
    story: async (scene) => {
      const account = { roleArn: memberRoleArn(MEMBER_ACCOUNT_ID), externalId: MEMBER_EXTERNAL_ID };
      expect(await enabledRegions(scene.worker.assume(account, scene.scope.cluster))).toContain(REGION);
    },
  },
  {
    what: 'the worker finds network, types and image of a document, and asks whether it may launch',
    story: (scene) => place(scene),
  },
  {
    what: 'the worker looks at the subnets, groups and image that a document names',
    story: async (scene) => {
      const { launchConfig } = await place(scene);
      const network = {
        subnetIds: launchConfig.subnets.map(({ id }) => id),
        securityGroupIds: await makeGroups(scene),
      };
      await place(scene, { network, image: { id: launchConfig.images.amd64?.id } });
    },
  },
  {
    what: 'the worker reads the parameter that names an image with K3s in it',
    story: async (scene) => {
      const { launchConfig } = await place(scene, { image: { ssmParameter: CARRIED } });
      expect(launchConfig.images.amd64?.id).toMatch(/^ami-/);
    },
  },
  {
    what: 'the worker tells a region that is not enabled from one that does not exist',
    story: async (scene) => {
      const elsewhere = { ...scene.scope, region: 'af-south-1', document: scene.document() };
      const failure = await failureOf(run(scene.activities.resolveLaunchConfig, elsewhere));
      expect(failure.code).toBe('OptInRequired');
    },
  },
  {
    what: 'the worker makes security groups, changes their rules, and gives back the way out that someone has taken away',
    story: async (scene) => {
      const [GroupId] = await makeGroups(scene, ['192.0.2.0/24']);
      const IpPermissions = [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }];
      await scene.admin().ec2.send(new RevokeSecurityGroupEgressCommand({ GroupId, IpPermissions }));
      await makeGroups(scene);
    },
  },
  {
    what: 'the worker makes the group of a drill, which lets out to few ports, and deletes it after the drill',
    story: async (scene) => {
      const { activities, scope } = scene;
      const { launchConfig } = await place(scene);
      const group = await run(activities.ensureDrillGroup, {
        ...scope,
        vpcId: launchConfig.vpcId,
        ports: [443],
        tags: {},
      });
      const swept = await run(activities.sweep, { ...scope, only: 'drill' });
      expect(swept.securityGroups).toEqual([group]);
    },
  },
  {
    what: 'the worker looks whether a disk of a server is left',
    story: async (scene) => {
      const instanceIds = [await scene.instance()];
      await run(scene.activities.findServerDisks, { ...scene.scope, instanceIds });
    },
  },
  { what: 'the worker launches an instance', story: (scene) => launch(scene) },
  {
    what: 'the worker observes instances and their status checks',
    story: async (scene) => {
      const known = [await scene.instance()];
      const observed = await run(scene.activities.observeInstances, { ...scene.scope, known, checks: true });
      // Checks that are refused hide no instance: they are only noted.
      expect(observed.failures).toEqual([]);
    },
  },
  {
    what: 'the worker stops, changes, starts and reboots an instance, and gives it its tags again',
    story: async (scene) => {
      const { activities, scope } = scene;
      const instanceId = await scene.instance();
      const instances = { ...scope, instanceIds: [instanceId] };
      await run(activities.stopInstances, instances);
      await scene.reaches(instanceId, 'stopped');
      await run(activities.modifyInstanceType, { ...scope, instanceId, instanceType: 't3.large' });
      await run(activities.startInstances, instances);
      await scene.reaches(instanceId, 'running');
      await run(activities.rebootInstances, instances);
      await run(activities.tagInstance, { ...scope, instanceId, slot: 'server-0', generation: 1, tags: {} });
    },
  },
  {
    what: 'the worker changes the groups of an instance to those of the document',
    story: async (scene) => {
      const instanceId = await scene.instance();
      const groupIds = await makeGroups(scene);
      await run(scene.activities.setInstanceGroups, { ...scene.scope, instanceId, groupIds, named: [] });
    },
  },
  {
    what: 'the worker saves the root volume of an instance in a snapshot, and deletes that with the cluster',
    story: async (scene) => {
      const saved = await saveRootVolume(scene, 'snapshot');
      expect(saved?.kind).toBe('snapshot');
      const swept = await run(scene.activities.sweep, scene.scope);
      expect(swept.snapshots).toEqual([saved?.id]);
    },
  },
  {
    what: 'the worker keeps the root volume of an instance, marks it, and deletes it with the cluster',
    story: async (scene) => {
      const saved = await saveRootVolume(scene, 'keep');
      expect(saved?.kind).toBe('volume');
      const swept = await run(scene.activities.sweep, scene.scope);
      expect(swept.volumes).toEqual([saved?.id]);
    },
  },
  {
    what: 'the worker makes a data volume that is kept, seals and attaches it, finds it again, and deletes it with the cluster',
    story: async (scene) => {
      const { activities, scope } = scene;
      const instanceId = await scene.instance();
      const volumes = [{ ...DATA_VOLUME, keep: true }];
      const input = { ...scope, instanceId, slot: 'server-0', generation: 1, volumes, known: {}, tags: {} };
      const [made] = await run(activities.provideDataVolumes, input);
      expect(made?.origin).toBe('made');
      const found = await run(activities.findDataVolumes, scope);
      expect(found.map(({ id }) => id)).toEqual([made?.id]);
      const swept = await run(activities.sweep, scope);
      expect(swept.volumes).toContain(made?.id);
    },
  },
  {
    what: 'the worker launches an instance with a data volume into a capacity reservation',
    story: async (scene) => {
      const { CapacityReservation } = await scene.admin().ec2.send(
        new CreateCapacityReservationCommand({
          InstanceType: 't3.medium',
          InstancePlatform: 'Linux/UNIX',
          AvailabilityZone: `${REGION}a`,
          InstanceCount: 1,
          InstanceMatchCriteria: 'targeted',
        }),
      );
      const id = CapacityReservation?.CapacityReservationId ?? '';
      await launch(scene, { volumes: [{ ...DATA_VOLUME, keep: false }], capacityReservation: { id } });
    },
  },
  {
    what: 'the worker launches an instance into the capacity reservations of a resource group',
    story: async (scene) => {
      await scene.admin().ec2.send(
        new CreateCapacityReservationCommand({
          InstanceType: 't3.medium',
          InstancePlatform: 'Linux/UNIX',
          AvailabilityZone: `${REGION}a`,
          InstanceCount: 1,
          InstanceMatchCriteria: 'targeted',
        }),
      );
      const resourceGroupArn = `arn:aws:resource-groups:${REGION}:000000000000:group/reserved`;
      await launch(scene, { volumes: [], capacityReservation: { resourceGroupArn } });
    },
  },
  {
    what: 'the worker deletes instances, volumes and groups of a cluster',
    story: async (scene) => {
      await makeGroups(scene);
      const gone = await scene.instance({ keepVolume: true });
      await scene.terminate(gone);
      const left = await scene.instance();
      const swept = await run(scene.activities.sweep, scene.scope);
      expect(swept.instances).toEqual([left]);
      expect(swept.volumes).toHaveLength(2);
      expect(swept.securityGroups).toHaveLength(2);
    },
  },
  {
    what: 'a cleaner finds orphans and deletes them',
    story: async (scene) => {
      const aws = scene.clientsOf('cleaner');
      await makeGroups(scene);
      const replaced = await scene.instance({ keepVolume: true });
      await scene.snapshot(replaced);
      await scene.terminate(replaced);
      await scene.instance();
      expect(await enabledRegions(aws)).toContain(REGION);
      const found = (await findTagged(aws, { region: REGION, account: null }, STACK_GUID)).filter(
        ({ cluster }) => cluster === scene.scope.cluster,
      );
      const kinds = new Set(found.map(({ kind }) => kind));
      expect(kinds).toEqual(new Set(['instance', 'volume', 'snapshot', 'security-group']));
      expect(await remove(() => aws, found, AbortSignal.timeout(20_000))).toEqual(new Map());
    },
  },
];

const BUCKET_NEEDS: Need[] = [
  {
    what: 'the worker keeps the status of a cluster, finds what an earlier life has left, and deletes it',
    story: async (scene) => {
      const { activities, scope } = scene;
      await makeGroups(scene);
      await run(activities.writeStatus, { ...scope, status: { phase: 'Running', operation: null }, write: 1 });
      const found = await run(activities.findCluster, scope);
      expect(found?.bucketKeys).toEqual([BUCKET_KEY.status]);
      expect(
        await run(activities.forget, { ...scope, keys: [BUCKET_KEY.status], startedAt: '2026-03-01T12:00:00.000Z' }),
      ).toEqual({ remaining: [] });
    },
  },
  {
    what: 'nodes put and get objects by URLs that the worker has signed',
    story: async (scene) => {
      const bucket = scene.bucketOf('worker');
      const key = scene.key(BUCKET_KEY.serverToken);
      const signed = await bucket.presign('PUT', key, 60);
      const put = await fetch(signed.url, {
        method: 'PUT',
        body: 'token',
        headers: Object.fromEntries((signed.headers ?? []).map((header) => header.split(': '))),
      });
      const got = await fetch((await bucket.presign('GET', key, 60)).url);
      expect([put.status, got.status, await got.text()]).toEqual([200, 200, 'token']);
    },
  },
  {
    what: 'a user compares a document with the account',
    story: async (scene) => {
      const { launchConfig } = await place(scene);
      const network = { securityGroupIds: await makeGroups(scene) };
      const facts = await accountFacts(scene.clientsOf('user'), scene.document({ network }));
      expect(facts.vpcId).toBe(launchConfig.vpcId);
    },
  },
  {
    what: 'a user compares a document with the image that a parameter of the account names',
    story: async (scene) => {
      const facts = await accountFacts(scene.clientsOf('user'), scene.document({ image: { ssmParameter: CARRIED } }));
      expect(facts.imageSizeGiB).toBeGreaterThan(0);
    },
  },
  {
    what: 'a user asks how many vCPUs are left, and for the profile of the nodes',
    story: async (scene) => {
      const user = scene.clientsOf('user');
      await scene.instance();
      expect(await vcpuQuota(user, REGION, scene.document())).toMatch(/[1-9]\d* in use, .* needs 2/);
      expect(await instanceProfile(user, REGION, NODE_PROFILE)).toContain('with role keelson-node');
    },
  },
  {
    what: 'a user stores a document, and reads it and what became of it',
    story: async (scene) => {
      const [user, worker] = [scene.bucketOf('user'), scene.bucketOf('worker')];
      await user.check();
      await user.put(scene.key(BUCKET_KEY.config), 'kind: Cluster', { ifNoneMatch: '*' });
      expect((await user.get(scene.key(BUCKET_KEY.config)))?.text).toBe('kind: Cluster');
      for (const key of [scene.key(BUCKET_KEY.status), scene.key(BUCKET_KEY.kubeconfig)]) {
        expect(await user.get(key)).toBeNull();
        await worker.put(key, 'text');
        expect((await user.get(key))?.text).toBe('text');
      }
    },
  },
  {
    what: 'the worker stores a backup, a user reads which there are, and the worker deletes it',
    story: async (scene) => {
      const { cluster, uid } = scene.scope;
      const [user, worker] = [scene.bucketOf('user'), scene.bucketOf('worker')];
      const key = backupKeyOf(cluster, uid, '2026-03-01T12-00-00Z', 'json');
      await worker.put(key, '{}');
      expect(await user.list(backupPrefix(cluster))).toEqual([key]);
      expect((await user.get(key))?.text).toBe('{}');
      await worker.remove(key);
      expect(await worker.list(backupPrefix(cluster, uid))).toEqual([]);
    },
  },
  {
    what: 'the worker begins a backup that goes in parts, and aborts it',
    story: async (scene) => {
      const { cluster, uid } = scene.scope;
      const { uploads } = scene.bucketOf('worker');
      const key = backupKeyOf(cluster, uid, '2026-03-01T12-00-00Z', 'snapshot');
      const upload = await uploads.create(key);
      expect(
        (await fetch((await uploads.presign(key, upload, 1, 60)).url, { method: 'PUT', body: 'part' })).status,
      ).toBe(200);
      await uploads.abort(key, upload);
    },
  },
  {
    what: 'the first worker makes the id and the key of the installation, and the next one reads them',
    story: async (scene) => {
      const s3 = scene.clientsOf('admin').s3(REGION);
      for (const Key of Object.values(INSTALLATION_KEY))
        await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key }));
      const made = await installationFor(scene.worker)();
      expect(await installationFor(scene.clientsOf('worker'))()).toEqual(made);
    },
  },
  {
    what: 'a worker claims a name, and a user and a cleaner read who owns it and of which installation it is',
    story: async (scene) => {
      const claim = { ...scene.scope, firstRunId: 'run-1', adopt: null, instanceProfile: null };
      const { uid } = await run(scene.activities.claimCluster, claim);
      for (const caller of ['user', 'cleaner'] as const) {
        expect(await readOwner(scene.bucketOf(caller), scene.scope.cluster)).toMatchObject({ uid });
        expect(await readOwner(scene.bucketOf(caller), 'another')).toBeNull();
      }
      expect(await readInstallationId(scene.bucketOf('cleaner'))).toBe(STACK_GUID);
    },
  },
];

export const NEEDS: Need[] = [...EC2_NEEDS, ...BUCKET_NEEDS, ...NODE_NEEDS];
