import { k3sConfig } from './k3s-config.js';
import { kubernetesLabels } from './labels.js';
import { laterParts } from './later.js';
import { names } from './names.js';
import { networks } from './networks.js';
import type { Rule } from './rule.js';
import { size } from './size.js';
import { awsTags } from './tags.js';
import { taints } from './taints.js';
import { times } from './times.js';

/** Every rule that concerns more than the syntax of one field. */
export const RULES: readonly Rule[] = [
  names,
  size,
  kubernetesLabels,
  taints,
  k3sConfig,
  networks,
  times,
  awsTags,
  laterParts,
];
