import { serverCountOf } from '../ids.js';
import { quorumOf } from '../quorum.js';
import type { AccountFacts } from './account-facts.js';
import type { ClusterDocument } from './schema.js';
import type { Violation } from './violation.js';

/**
 * What works in this account, and perhaps not as people expect: warnings like those of `warningsOf`, which cannot know in which zone a subnet is.
 * Pure.
 */
export const accountWarnings = (document: ClusterDocument, facts: AccountFacts): Violation[] =>
  serversOfOneZone(document, facts);

/** Servers are spread over the subnets by their index. [src/workflows/cluster/steps/launch.ts] */
function serversOfOneZone({ spec }: ClusterDocument, { subnetZones, typeZones }: AccountFacts): Violation[] {
  // `validate` warns of a single subnet itself: it needs no account for that.
  if (spec.mode !== 'ha' || subnetZones === null || spec.network.subnetIds?.length === 1) return [];
  const count = serverCountOf(spec);
  const offered = typeZones[spec.servers.instanceType];
  const zones = subnetZones.filter((zone) => offered?.includes(zone) ?? true);
  const servers = new Map<string, number>();
  for (let index = 0; index < count; index += 1) {
    const zone = zones[index % zones.length];
    if (zone !== undefined) servers.set(zone, (servers.get(zone) ?? 0) + 1);
  }
  const crowded = [...servers].find(([, there]) => count - there < quorumOf(count));
  if (crowded === undefined) return [];
  const [zone, there] = crowded;
  const message = `${there} of ${count} servers come to ${zone}: without this zone the cluster has no quorum`;
  const hint = `name a subnet in each of three zones that offer ${spec.servers.instanceType}`;
  return [{ path: ['spec', 'network', 'subnetIds'], message, hint }];
}
