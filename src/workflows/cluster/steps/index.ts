import type { Step, StepKind } from '../../../model/plan/index.js';
import type { Cluster } from '../context.js';
import { adopt, inspect } from './adopt.js';
import { backup } from './backup.js';
import { bootstrap, join, publish, verify } from './bootstrap-and-join.js';
import { deleteObjects, sweep, terminateAll } from './delete.js';
import { awaitAgent, install } from './install.js';
import { labelNodes } from './label-nodes.js';
import { launch } from './launch.js';
import { setManifests, storeFiles } from './node-files.js';
import { preflight } from './preflight.js';
import { checkQuorum, recheckQuorum } from './quorum-gate.js';
import { reboot, removeStaleNodes, saveVolume, tag, terminateForReplacement } from './repair.js';
import { rehearse, restore } from './restore.js';
import { rotate } from './rotate.js';
import { setInstanceGroups, setSecurityGroups } from './security-groups.js';
import { startInstance, startService } from './start.js';
import { snapshot, stopInstance, stopService } from './stop.js';
import { changeType, drain, removeNode, terminate, uncordon } from './update-node.js';
import { provideVolumes } from './volumes.js';

/** Handler of each kind of step. A step's file is named for the phase in which the step mostly runs. */
export const stepHandlers: Record<StepKind, (cluster: Cluster, step: Step) => Promise<void>> = {
  adopt,
  inspect,
  preflight,
  'security-group': setSecurityGroups,
  'set-groups': setInstanceGroups,
  'store-files': storeFiles,
  launch,
  'wait-for-agent': awaitAgent,
  volumes: provideVolumes,
  install,
  bootstrap,
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
  'check-quorum': checkQuorum,
  drain,
  'recheck-quorum': recheckQuorum,
  'change-type': changeType,
  uncordon,
  'remove-node': removeNode,
  'remove-stale-nodes': removeStaleNodes,
  reboot,
  'save-volume': saveVolume,
  'terminate-for-replacement': terminateForReplacement,
  tag,
  'label-nodes': labelNodes,
  'set-manifests': setManifests,
  terminate,
  'terminate-all': terminateAll,
  sweep,
  'delete-objects': deleteObjects,
};
