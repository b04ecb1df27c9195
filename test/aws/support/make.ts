/** The first steps of a cluster, as its workflow has them carried out. */
import type { PreflightResult, SavedVolume, SaveVolumeInput } from '#src/activities/api.js';
import type { InstanceObservation } from '#src/model/observation.js';
import { groupRulesOf } from '#src/model/security-groups/rules.js';
import type { LaunchRequest } from '#src/model/state.js';
import type { DataVolumeRequest } from '#src/model/volumes/requests.js';
import { run } from './fixture.js';
import type { Scene } from './scene.js';

export function place(scene: Scene, spec: Record<string, unknown> = {}): Promise<PreflightResult> {
  return run(scene.activities.resolveLaunchConfig, { ...scene.scope, document: scene.document(spec) });
}

/** The cluster's own security groups, open to `apiCidrs`. @returns their ids */
export async function makeGroups(scene: Scene, apiCidrs: string[] = []): Promise<string[]> {
  const { launchConfig } = await place(scene);
  const rules = groupRulesOf(scene.document({ access: { apiCidrs } }), true);
  const input = { ...scene.scope, vpcId: launchConfig.vpcId, known: null, rules, tags: {} };
  const { groups } = await run(scene.activities.ensureSecurityGroups, input);
  return [groups.server, groups.agent].flatMap((group) => group?.id ?? []);
}

/** A data volume as a document asks for it. */
export const DATA_VOLUME: DataVolumeRequest = {
  name: 'data',
  device: '/dev/sdf',
  sizeGiB: 10,
  type: 'gp3',
  encrypted: true,
  mountPath: '/mnt/data',
  filesystem: 'ext4',
  keep: false,
};

export async function launch(scene: Scene, more: Partial<LaunchRequest> = {}): Promise<InstanceObservation> {
  const { launchConfig, userData } = await place(scene);
  const image = launchConfig.images.amd64;
  return run(scene.activities.launchInstance, {
    ...scene.scope,
    slot: 'server-0',
    generation: 1,
    nodeName: `${scene.scope.cluster}-server-0-g1`,
    launch: {
      subnetId: launchConfig.subnets[0]?.id ?? '',
      instanceType: 't3.medium',
      imageId: image?.id ?? '',
      rootDeviceName: image?.rootDeviceName ?? '',
      rootVolume: { sizeGiB: 30, type: 'gp3', encrypted: true },
      securityGroupIds: await makeGroups(scene),
      instanceProfile: null,
      publicIp: true,
      metadataHopLimit: 1,
      userDataId: 'ud',
      ...more,
    },
    userData: userData.amd64?.text ?? '',
    tags: {},
  });
}

/** What is saved of a node before it is replaced. @returns the snapshot or the volume that outlives its instance */
export async function saveRootVolume(scene: Scene, how: SaveVolumeInput['how']): Promise<SavedVolume | null> {
  const instanceId = await scene.instance();
  const node = { ...scene.scope, slot: 'server-0', generation: 1 };
  return run(scene.activities.saveRootVolume, { ...node, instanceId, how, tags: {} });
}
