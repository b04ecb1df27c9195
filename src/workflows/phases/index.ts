import type { Step, StepKind } from '../../model/plan/index.js';
import type { Cluster } from '../cluster-context.js';
import { adopt, inspect } from './adoption.js';
import { backup } from './backup.js';
import { found, join, publish, verify } from './configuring.js';
import { forget, sweep, terminateAll } from './deleting.js';
import { awaitAgent, install } from './installing.js';
import { labelNodes } from './labelling.js';
import { setManifests, storeFiles } from './node-files.js';
import { resolve } from './pending.js';
import { launch } from './provisioning.js';
import { gate, secondLook } from './quorum-gate.js';
import { reboot, removeGhosts, retire, saveVolume, tag } from './repairing.js';
import { rehearse, restore } from './restoring.js';
import { rotate } from './rotating.js';
import { setInstanceGroups, setSecurityGroups } from './security-groups.js';
import { startInstance, startService } from './starting.js';
import { snapshot, stopInstance, stopService } from './stopping.js';
import { drain, modify, removeNode, terminate, uncordon } from './updating.js';
import { provideVolumes } from './volumes.js';

/** What carries out each kind of step. The file of a step is the phase in which it mostly runs. */
export const performers: Record<StepKind, (cluster: Cluster, step: Step) => Promise<void>> = {
  adopt,
  inspect,
  resolve,
  'security-group': setSecurityGroups,
  'set-groups': setInstanceGroups,
  'store-files': storeFiles,
  launch,
  agent: awaitAgent,
  volumes: provideVolumes,
  install,
  found,
  join,
  publish,
  verify,
  'start-instance': startInstance,
  'start-service': startService,
  snapshot,
  backup,
  rehearse,
  restore,
  rotate,
  'stop-service': stopService,
  'stop-instance': stopInstance,
  gate,
  drain,
  'second-look': secondLook,
  modify,
  uncordon,
  'remove-node': removeNode,
  'remove-ghosts': removeGhosts,
  reboot,
  'save-volume': saveVolume,
  retire,
  tag,
  'label-nodes': labelNodes,
  'set-manifests': setManifests,
  terminate,
  'terminate-all': terminateAll,
  sweep,
  forget,
};
