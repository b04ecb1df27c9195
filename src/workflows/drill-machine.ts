import { CancellationScope } from '@temporalio/workflow';
import type { CallContext } from '../activities/api.js';
import { type DrillMachine, drillMachine } from '../model/drill/launch.js';
import { DRILL_SLOT } from '../model/drill/state.js';
import { portsOut } from '../model/drill/ways-out.js';
import { nodeNameOf } from '../model/ids.js';
import { goneOf, isLookedUp } from '../model/launch-refused.js';
import type { InstanceObservation } from '../model/observation.js';
import type { ClusterDocument } from '../model/spec/schema.js';
import { activities } from './lib/activities.js';
import { classOf, detailOf, failure } from './lib/errors.js';

/** For whom a drill launches its machine. */
interface DrillLaunch {
  scope: CallContext;
  generation: number;
  document: ClusterDocument;
}

/**
 * Launches the machine. What EC2 calls gone is looked up again before it is told: the cluster's launch config may be as old as the cluster, which has
 * launched nothing since. [docs/adr/0078]
 */
export async function launchMachine(input: DrillLaunch, machine: DrillMachine): Promise<InstanceObservation> {
  try {
    return await launchWithGroup(input, machine);
  } catch (error) {
    const gone = goneOf(detailOf(error)?.code);
    if (gone === null || !isLookedUp(input.document, gone)) throw error;
    const found = await lookUp(input, machine);
    if (found === null) throw error;
    return await launchWithGroup(input, found);
  }
}

/** Returns the launch of the drill's machine as the account offers it now; null where no subnet fits. */
async function lookUp({ scope, document }: DrillLaunch, { launches }: DrillMachine): Promise<DrillMachine | null> {
  const { launchConfig, userData } = await activities.resolveLaunchConfig('look up again what a launch depends on', {
    ...scope,
    document,
    instanceTypes: [...new Set(launches.map(({ instanceType }) => instanceType))],
    networksInUse: true,
    launching: [],
    again: true,
  });
  const texts = Object.entries(userData);
  return drillMachine({
    document,
    launchConfig,
    userDataIds: Object.fromEntries(texts.map(([architecture, { id }]) => [architecture, id])),
    userData: Object.fromEntries(texts.map(([, { id, text }]) => [id, text])),
  });
}

async function launchWithGroup(input: DrillLaunch, machine: DrillMachine): Promise<InstanceObservation> {
  const { scope, document } = input;
  const group = await activities.ensureDrillGroup('make a security group that lets nothing in', {
    ...scope,
    vpcId: machine.vpcId,
    ports: portsOut(document),
    tags: document.spec.tags,
  });
  return await launch(input, machine, group);
}

/** Launches in the first subnet that has capacity, and awaits the answer: no one could delete an instance whose id is unknown. */
async function launch(
  { scope, generation, document }: DrillLaunch,
  { launches, userData }: DrillMachine,
  group: string,
): Promise<InstanceObservation> {
  for (const [index, request] of launches.entries()) {
    try {
      return await CancellationScope.nonCancellable(() =>
        activities.launchInstance(`launch ${request.instanceType} in ${request.subnetId}`, {
          ...scope,
          slot: DRILL_SLOT,
          generation,
          nodeName: nodeNameOf(scope.cluster, DRILL_SLOT, generation),
          launch: { ...request, securityGroupIds: [group] },
          userData,
          tags: document.spec.tags,
        }),
      );
    } catch (error) {
      // With one subnet less the others are tried, as where one is full; another lookup would find the same ones that the document names.
      const isGone = goneOf(detailOf(error)?.code) === 'subnet' && !isLookedUp(document, 'subnet');
      if ((classOf(error) !== 'capacity' && !isGone) || index === launches.length - 1) throw error;
    }
  }
  throw failure(
    'invalid',
    'TypeNotOffered',
    'no subnet offers the type of the servers',
    'see spec.servers.instanceType',
  );
}
