import type { Activities } from '../activities/api.js';
import { invalid } from '../aws/account/invalid.js';
import { type AllowedResources, imageProblem, vpcProblem } from '../model/trust/allowed.js';

/**
 * Refuses documents that name images or VPCs which the operator does not allow, before anything is launched. The VPC is the one that the account
 * gives for subnets and groups of the document, so naming a subnet alone does not lead around it.
 *
 * @throws an `invalid` failure `ImageNotAllowed` or `VpcNotAllowed`
 */
export function withAllowed(activities: Activities, allowed: AllowedResources): Activities {
  if (allowed.images === null && allowed.vpcs === null) return activities;
  return {
    ...activities,
    resolvePlacement: async (input) => {
      const image = imageProblem(input.document.spec.image, allowed);
      if (image !== null)
        throw invalid('ImageNotAllowed', image, 'name an image that the operator lists, or leave spec.image out');
      const resolved = await activities.resolvePlacement(input);
      const vpc = vpcProblem(resolved.placement.vpcId, allowed);
      if (vpc !== null)
        throw invalid('VpcNotAllowed', vpc, 'name a VPC that the operator lists in spec.network, or ask the operator');
      return resolved;
    },
  };
}
