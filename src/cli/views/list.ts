import { createColors } from 'picocolors';
import type { Colors } from '../io.js';
import { PLAIN, type Screen } from '../screen.js';
import { healthText } from './health.js';
import { table } from './table.js';
import { age } from './time.js';

/** A cluster as the visibility store knows it, without asking its workflow. */
export interface ListedCluster {
  name: string;
  phase: string | null;
  health: string | null;
  /** Nothing is done to it until `keelson resume`. */
  paused: boolean;
  region: string | null;
  /** 12 digits; null for the worker's own account. */
  account: string | null;
  version: string | null;
  /** `<ready>/<all>` */
  nodes: string | null;
  createdAt: string;
}

const NO_COLORS = createColors(false);
const HEAD = ['name', 'phase', 'health', 'region', { name: 'version', spare: 1 }, 'nodes', { name: 'age', spare: 2 }];

export function listText(
  clusters: readonly ListedCluster[],
  now = Date.now(),
  colors: Colors = NO_COLORS,
  screen: Screen = PLAIN,
): string {
  if (clusters.length === 0) return 'no clusters';
  return table(
    HEAD,
    clusters.map((one) => [
      one.name,
      phaseText(one, colors),
      healthText(one.health, colors),
      one.account === null ? one.region : `${one.region} (${one.account})`,
      one.version,
      one.nodes,
      age(one.createdAt, now),
    ]),
    screen,
  );
}

function phaseText({ phase, paused }: ListedCluster, colors: Colors): string | null {
  const text = phase === 'Failed' ? colors.red(phase) : phase;
  return paused ? `${text ?? ''}, ${colors.yellow('paused')}` : text;
}
