import type { Rotation } from '../../model/rotation/state.js';
import type { Colors } from '../io.js';
import type { Screen } from '../screen.js';
import { type IdentifiedPlan, planText } from './plan.js';

/** What a rotation changes, and where. */
export interface Rotated {
  cluster: string;
  account: string;
  region: string;
  what: Rotation;
  plan: IdentifiedPlan;
}

/** What people have to do themselves afterwards. */
const AFTERWARDS: Record<Rotation, string> = {
  token:
    'Nodes that you join by hand need the new token. Backups keep the token of their time; etcd snapshots on disks of nodes need the old one.',
  'agent-token': 'Agents that you join by hand need the new token.',
  certificates:
    'The published kubeconfig gets a new client certificate; copies of the old one stay valid until it ends.',
  ca: 'Fetch the kubeconfig again. Copies of the old one go on as long as the old CA is valid, which the new one is signed by.',
  'encryption-key':
    'Between the new key and its restart a server cannot read secrets that are already encrypted with it.',
};

export const rotatedText = ({ cluster, account, region, what, plan }: Rotated, colors: Colors, screen?: Screen) =>
  [
    `rotate the ${what} of ${cluster}: region ${region}, account ${account}`,
    planText(cluster, plan, colors, screen),
    AFTERWARDS[what],
  ].join('\n');
