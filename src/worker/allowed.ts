import type { Activities } from '../activities/api.js';
import { invalid } from '../aws/account/invalid.js';
import { type AllowedResources, groupsProblem, imageProblem, vpcProblem } from '../model/trust/allowed.js';

/**
 * Refuses documents with images, security groups or VPCs that the operator does not allow, before anything is launched or joins a group. It
 * uses the VPC of the document's subnets and groups in the account, so that naming a subnet alone does not evade it.
 *
 * @throws an `invalid` failure `ImageNotAllowed`, `SecurityGroupNotAllowed` or `VpcNotAllowed`
 */
export function withAllowed(activities: Activities, allowed: AllowedResources): Activities {
  if (Object.values(allowed).every((list) => list === null)) return activities;
  const requireGroups = (named: readonly string[]): void => {
    const problem = groupsProblem(named, allowed);
    if (problem !== null) throw invalid('SecurityGroupNotAllowed', problem, GROUPS_HINT);
  };
  return {
    ...activities,
    resolveLaunchConfig: async function resolve(input) {
      const image = imageProblem(input.document.spec.image, allowed);
      if (image !== null)
        throw invalid('ImageNotAllowed', image, 'name an image that the operator lists, or leave spec.image out');
      const { securityGroupIds = [], extraSecurityGroupIds } = input.document.spec.network;
      requireGroups([...securityGroupIds, ...extraSecurityGroupIds]);
      const resolved = await activities.resolveLaunchConfig(input);
      const vpc = vpcProblem(resolved.launchConfig.vpcId, allowed);
      // No error from an earlier answer: a person may have changed the default VPC.
      if (vpc !== null && input.again !== true) return await resolve({ ...input, again: true });
      if (vpc !== null)
        throw invalid('VpcNotAllowed', vpc, 'name a VPC that the operator lists in spec.network, or ask the operator');
      return resolved;
    },
    setInstanceGroups: async (input) => {
      requireGroups(input.named);
      return activities.setInstanceGroups(input);
    },
  };
}

const GROUPS_HINT =
  'name groups that the operator lists in spec.network.extraSecurityGroupIds and securityGroupIds, or ask the operator';
