import { account } from './account.js';
import { capacityReservations } from './capacity-reservations.js';
import { clusterNetworks } from './cluster-networks.js';
import { componentFiles } from './component-files.js';
import { componentNumbers } from './component-numbers.js';
import { componentRelations } from './component-relations.js';
import { componentValues } from './component-values.js';
import { contents } from './contents.js';
import { dataVolumes } from './data-volumes.js';
import { environment } from './environment.js';
import { hosts } from './hosts.js';
import { images } from './images.js';
import { instanceTypes } from './instance-types.js';
import { k3sArgs } from './k3s-args.js';
import { k3sChoices } from './k3s-choices.js';
import { k3sConfig } from './k3s-config.js';
import { k3sPaths } from './k3s-paths.js';
import { k3sSettings } from './k3s-settings.js';
import { k3sValues } from './k3s-values.js';
import { kubernetesLabels } from './labels.js';
import { laterParts } from './later.js';
import { leaderElection } from './leader-election.js';
import { names } from './names.js';
import { networks } from './networks.js';
import { poolConfig } from './pool-config.js';
import { regions } from './regions.js';
import type { Rule } from './rule.js';
import { size } from './size.js';
import { awsTags } from './tags.js';
import { taints } from './taints.js';
import { times } from './times.js';
import { volumes } from './volumes.js';

/** Every rule beyond the syntax of one field. */
export const RULES: readonly Rule[] = [
  names,
  size,
  account,
  kubernetesLabels,
  taints,
  k3sConfig,
  k3sValues,
  k3sChoices,
  k3sArgs,
  componentValues,
  componentNumbers,
  leaderElection,
  componentRelations,
  componentFiles,
  k3sPaths,
  k3sSettings,
  poolConfig,
  networks,
  clusterNetworks,
  hosts,
  instanceTypes,
  images,
  regions,
  volumes,
  dataVolumes,
  capacityReservations,
  contents,
  environment,
  times,
  awsTags,
  laterParts,
];
