import { slotsOf, typesOfSlot } from '../ids.js';
import type { ClusterState, LaunchRequest } from '../state.js';

/** Launch input of a drill's machine; its security group does not exist yet. */
export interface DrillMachine {
  vpcId: string;
  /** One for each subnet that offers the type of the servers: without capacity in one, the drill tries the next. */
  launches: LaunchRequest[];
  userData: string;
}

/**
 * Returns the launch of a drill's machine: like a server of the document, in its subnets, without its data volumes and outside of its
 * capacity reservation, where it would take the place of a server.
 *
 * @returns null while the launch config is not resolved, or no subnet fits
 */
export function drillMachine({
  document,
  launchConfig,
  userDataIds,
  userData,
}: Pick<ClusterState, 'document' | 'launchConfig' | 'userDataIds' | 'userData'>): DrillMachine | null {
  const server = slotsOf(document).find(({ role }) => role === 'server');
  if (server === undefined || launchConfig === null) return null;
  const { access, network } = document.spec;
  const launches = typesOfSlot(server).flatMap((instanceType) => {
    const offer = launchConfig.instanceTypes[instanceType];
    const image = offer && launchConfig.images[offer.architecture];
    if (offer === undefined || image === undefined) return [];
    const subnets = launchConfig.subnets.filter(({ zone }) => offer.zones.includes(zone));
    return subnets.map(
      ({ id }): LaunchRequest => ({
        subnetId: id,
        instanceType,
        imageId: image.id,
        rootDeviceName: image.rootDeviceName,
        rootVolume: server.rootVolume,
        securityGroupIds: [],
        metadataHopLimit: access.metadataHopLimit,
        instanceProfile: access.instanceProfile ?? null,
        publicIp: network.publicIp,
        userDataId: userDataIds[offer.architecture] ?? '',
      }),
    );
  });
  const [first] = launches;
  if (first === undefined) return null;
  // Prefetching K3s is optional: the job fetches what is missing.
  return { vpcId: launchConfig.vpcId, launches, userData: userData[first.userDataId] ?? '#!/bin/sh\n' };
}
