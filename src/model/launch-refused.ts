import type { ClusterDocument } from './spec/schema.js';
import type { ClusterState, LaunchConfig, LaunchRequest } from './state.js';

/** Another lookup so soon would give the same answers. */
const FRESH_MS = 10 * 60_000;

/**
 * Returns what of a launch the account has no more, by EC2's code. What the launch config says may be as old as the cluster, and was an hour old at its begin.
 * [docs/adr/0078; docs: EC2 error codes]
 */
export function goneOf(code: string | undefined): 'image' | 'subnet' | 'vpc' | null {
  switch (code) {
    // Deregistered, or no longer shared with the account.
    case 'InvalidAMIID.NotFound':
    case 'InvalidAMIID.Unavailable':
      return 'image';
    case 'InvalidSubnetID.NotFound':
      return 'subnet';
    case 'InvalidVpcID.NotFound':
      return 'vpc';
    default:
      return null;
  }
}

/** Returns whether a lookup has found it, and may find another one: the document does not name it. */
export function isLookedUp({ spec: { image, network } }: ClusterDocument, gone: 'image' | 'subnet' | 'vpc'): boolean {
  switch (gone) {
    case 'image':
      return image === undefined || !('id' in image);
    case 'subnet':
      return network.subnetIds === undefined;
    case 'vpc':
      return network.vpcId === undefined;
  }
}

/**
 * Returns whether another lookup can find another one: of what the document does not name, and where the account was not asked just now. The answers kept for
 * all clusters do not count as asked.
 */
export function canAskAgain(
  { document, askedAgainAt }: ClusterState,
  gone: 'image' | 'subnet' | 'vpc',
  now: string,
): boolean {
  if (!isLookedUp(document, gone)) return false;
  return askedAgainAt === undefined || Date.parse(now) - Date.parse(askedAgainAt) > FRESH_MS;
}

/** Returns whether the account was asked again since the request was made: another slot's launch has met the same. */
export const isOutdated = ({ imageId, subnetId }: LaunchRequest, { images, subnets }: LaunchConfig): boolean =>
  !Object.values(images).some(({ id }) => id === imageId) || !subnets.some(({ id }) => id === subnetId);
