/** What each script does, by rule. */
import { storeKubeconfig } from '../bucket.js';
import type { Job } from '../job.js';
import type { PaperKind } from '../kinds.js';
import { deleteManifests, takeFiles } from './files.js';
import { installK3s } from './install.js';
import { labelNodes, writeLabels } from './labels.js';
import { certificates, probe, verify } from './looks.js';
import { drain, removeNode, uncordon } from './members.js';
import { backup, snapshot } from './snapshots.js';
import { bootstrap, join, resetMember, serviceStart, serviceStop, uninstall } from './start.js';

export const RULES: Readonly<Record<PaperKind, (job: Job) => Promise<void>>> = {
  install: installK3s,
  bootstrap,
  join,
  'service-start': serviceStart,
  'service-stop': serviceStop,
  'set-manifests': takeFiles,
  'delete-manifests': deleteManifests,
  'reset-member': resetMember,
  kubeconfig: storeKubeconfig,
  verify,
  'label-nodes': labelNodes,
  'write-labels': writeLabels,
  snapshot,
  backup,
  drain,
  uncordon,
  'remove-node': removeNode,
  certificates,
  probe,
  uninstall,
};
