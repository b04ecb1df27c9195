import { typesIn } from '../../model/ids.js';
import type { AccountFacts } from '../../model/spec/account-facts.js';
import type { ClusterDocument } from '../../model/spec/schema.js';
import type { LaunchConfig } from '../../model/state.js';
import type { AwsClients } from '../clients.js';
import { resolveImages } from './images.js';
import { checkOffered, resolveTypes } from './instance-types.js';
import { resolveNetwork } from './network.js';

/**
 * Asks the account for all that a document names. Reads only.
 *
 * @throws ApplicationFailure of class `invalid` for what the account does not have, of another class when it cannot be asked
 */
export async function accountFacts(clients: AwsClients, document: ClusterDocument): Promise<AccountFacts> {
  const { region, network, image } = document.spec;
  const [ec2, ssm] = [clients.ec2(region), clients.ssm(region)];
  const types = typesIn(document);
  const [resolved, known] = await Promise.all([resolveNetwork(ec2, network, region), resolveTypes(ec2, types, region)]);
  checkOffered(known.types, resolved.network.subnets, region);
  const { sizeGiB } = await resolveImages({ ec2, ssm, region }, image, known.types);
  const { vpcCidrs, room } = resolved;
  return {
    vpcId: resolved.network.vpcId,
    vpcCidrs,
    room,
    ...zonesOf(resolved.network, known.types),
    memory: known.memory,
    imageSizeGiB: sizeGiB,
  };
}

/** Returns where the cluster has subnets, and which types are offered where. */
export const zonesOf = (
  { subnets }: Pick<LaunchConfig, 'subnets'>,
  types: LaunchConfig['instanceTypes'],
): Pick<AccountFacts, 'subnetZones' | 'typeZones'> => ({
  subnetZones: subnets.map(({ zone }) => zone),
  typeZones: Object.fromEntries(Object.entries(types).map(([type, { zones }]) => [type, zones])),
});
