import { createHash } from 'node:crypto';
import { zonesOf } from '../../aws/account/facts.js';
import { resolveImages } from '../../aws/account/images.js';
import { checkOffered, resolveTypes } from '../../aws/account/instance-types.js';
import { invalid } from '../../aws/account/invalid.js';
import { resolveNetwork } from '../../aws/account/network.js';
import type { Ask } from '../../aws/account/questions.js';
import { regionProblem } from '../../aws/region-names.js';
import { typesIn } from '../../model/ids.js';
import { type AccountFacts, unfitFor } from '../../model/spec/account.js';
import type { ClusterDocument, ClusterSpec } from '../../model/spec/schema.js';
import { pathText } from '../../model/spec/violation.js';
import type { Architecture } from '../../model/state.js';
import { renderFounding, renderUserData, type UserDataInput } from '../../node-scripts/render.js';
import type { PreflightInput, PreflightResult } from '../api.js';
import type { ActivityContext } from '../attempt.js';
import type { ActivityDeps } from '../deps.js';
import { profileMissing } from '../ec2/launch.js';
import { dryRunLaunch } from './dry-run.js';
import { checkRelease } from './release.js';

/**
 * Asks account, region, bucket and mirror for all that a launch depends on, before anything is made; what is wrong with the
 * document is known here or never. Reads only. What other clusters have just asked is not asked again, except before an error is told.
 */
export async function resolveLaunchConfig(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: PreflightInput,
): Promise<PreflightResult> {
  const { instanceProfile } = input.document.spec.access;
  if (instanceProfile === undefined && deps.defaultInstanceProfile === null) throw profileMissing();
  try {
    const resolved = await deps.answers.conclude(input.again === true, (ask) => resolve(deps, attempt, input, ask));
    await dryRunLaunch(deps, attempt, input, resolved.launchConfig);
    return resolved;
  } catch (error) {
    throw (await regionProblem(deps.clients, input.region, error)) ?? error;
  }
}

async function resolve(
  deps: ActivityDeps,
  attempt: ActivityContext,
  input: PreflightInput,
  ask: Ask,
): Promise<PreflightResult> {
  const { region, document, founding } = input;
  const { spec } = document;
  const source = { ec2: deps.clients.ec2(region), ssm: deps.clients.ssm(region), region };
  const types = input.instanceTypes ?? typesIn(document);
  const [{ network, vpcCidrs, room: free }, { types: instanceTypes, memory }] = await allOrFirst([
    ask([region, 'network', spec.network], 'person', () => resolveNetwork(source.ec2, spec.network, region)),
    ask([region, 'types', types], 'aws', () => resolveTypes(source.ec2, types, region)),
    ask(['bucket'], 'person', () => deps.bucket.check()),
  ]);
  checkOffered(instanceTypes, network.subnets, region);
  const architectures = [...new Set(Object.values(instanceTypes).map((type) => type.architecture))].sort();
  const [{ images, sizeGiB: imageSizeGiB }, releases] = await allOrFirst([
    resolveImages(source, spec.image, instanceTypes, ask),
    Promise.all(architectures.map((architecture) => checkRelease(attempt, spec.k3s, architecture, deps.mirrors, ask))),
  ]);
  const launchConfig = { ...network, images, instanceTypes };
  // They are settled by then, and a repair has to be possible whatever the VPC has got, or lost, since.
  const inUse = input.networksInUse === true;
  const cidrs = inUse ? [] : vpcCidrs;
  const zones = zonesOf(network, instanceTypes);
  if (inUse) zones.subnetZones = null;
  const room = inUse ? null : free;
  const facts = { vpcId: network.vpcId, vpcCidrs: cidrs, room, ...zones, memory, imageSizeGiB };
  requireFit(document, facts, input.launching === undefined ? null : new Set(input.launching));
  const mirrorProblem = releases.find((problem) => problem !== null) ?? null;
  const ofServers = instanceTypes[spec.servers.instanceType]?.architecture;
  return {
    launchConfig,
    userData: userDataOf(spec.k3s, architectures, renderUserData),
    ...(founding !== undefined && {
      founding: userDataOf(
        spec.k3s,
        architectures.filter((one) => one === ofServers),
        (release) => renderFounding({ ...release, ...founding }),
      ),
    }),
    mirrorProblem,
  };
}

/** @throws the first of what does not fit the account, with all of it in its message */
function requireFit(document: ClusterDocument, facts: AccountFacts, launching: ReadonlySet<string> | null): void {
  const [first, ...others] = unfitFor(document, facts, launching);
  if (first === undefined) return;
  const message = [first, ...others]
    .map(({ violation }) => `${pathText(violation.path)}: ${violation.message}`)
    .join('; ');
  throw invalid(first.code, message, first.violation.hint);
}

/** Returns user data by architecture; its id is the start of its SHA-256. */
function userDataOf(
  k3s: ClusterSpec['k3s'],
  architectures: Architecture[],
  render: (release: UserDataInput) => string | null,
): PreflightResult['userData'] {
  return Object.fromEntries(
    architectures.flatMap((architecture) => {
      const sha256 = k3s.sha256[architecture];
      const { version, mirror } = k3s;
      const text = render({ version, mirror, architecture, ...(sha256 === undefined ? {} : { sha256 }) });
      if (text === null) return [];
      return [[architecture, { id: createHash('sha256').update(text).digest('hex').slice(0, 16), text }]];
    }),
  );
}

/** Like Promise.all, but all have ended before it rejects, and it rejects with the first in order: the same error every time. */
async function allOrFirst<T extends readonly Promise<unknown>[] | []>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  for (const one of await Promise.allSettled<unknown>(promises)) if (one.status === 'rejected') throw one.reason;
  return Promise.all(promises);
}
