/**
 * The images, VPCs and security groups that the operator allows documents to name. Without these lists everyone who may write a document decides
 * which image runs as root in which network, with the worker's rights on EC2.
 */
import type { ClusterSpec } from '../spec/schema.js';

export interface AllowedResources {
  /** `KEELSON_ALLOWED_IMAGES`: ids, and names of SSM parameters with everything below `/*`; null if not set. */
  images: readonly string[] | null;
  /** `KEELSON_ALLOWED_VPCS`: ids; null if not set. */
  vpcs: readonly string[] | null;
  /** `KEELSON_ALLOWED_SECURITY_GROUPS`: ids; null if not set. */
  securityGroups: readonly string[] | null;
}

/** `ami-0123456789abcdef0`, `/golden/images/k3s`, `/golden/images/*`. [docs: SSM parameter names] */
export const isImageEntry = (text: string): boolean =>
  /^ami-[0-9a-f]{8,17}$/.test(text) || /^\/[A-Za-z0-9_.\-/]{1,1000}(?:\/\*)?$/.test(text);

export const isVpcEntry = (text: string): boolean => /^vpc-[0-9a-f]{8,17}$/.test(text);

export const isGroupEntry = (text: string): boolean => /^sg-[0-9a-f]{8,17}$/.test(text);

/** Returns why a document may not name this image, or null. Amazon Linux 2023, which a document without an image gets, is always allowed. */
export function imageProblem(image: ClusterSpec['image'], { images }: AllowedResources): string | null {
  if (images === null || image === undefined) return null;
  const named = 'id' in image ? image.id : image.ssmParameter;
  if (named === undefined) return null;
  if (images.some((entry) => entry === named || (entry.endsWith('/*') && isBelow(named, entry.slice(0, -1)))))
    return null;
  return `the operator does not allow the image ${named} (KEELSON_ALLOWED_IMAGES of the worker)`;
}

/** Returns why nodes may not be in this VPC, or null. */
export function vpcProblem(vpcId: string, { vpcs }: AllowedResources): string | null {
  if (vpcs === null || vpcs.includes(vpcId)) return null;
  return `the operator does not allow the VPC ${vpcId} (KEELSON_ALLOWED_VPCS of the worker)`;
}

/**
 * Returns why nodes may not be in these security groups, or null. Membership in a group of the account is a right: a database that lets the
 * group in lets every member in. The groups that Keelson makes for the cluster are exempt.
 */
export function groupsProblem(named: readonly string[], { securityGroups }: AllowedResources): string | null {
  const refused = securityGroups === null ? [] : named.filter((id) => !securityGroups.includes(id));
  if (refused.length === 0) return null;
  return `the operator does not allow the security group ${refused.join(', ')} (KEELSON_ALLOWED_SECURITY_GROUPS of the worker)`;
}

/** Returns whether a name has an empty part or one of dots alone, and so leads elsewhere; SSM refuses it, and so does this. */
const isBelow = (name: string, folder: string): boolean =>
  name.startsWith(folder) &&
  name.length > folder.length &&
  !/\/(?:\.{0,2})(?:\/|$)/.test(name.slice(folder.length - 1));
