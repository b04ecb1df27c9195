import type { StatusView } from '../../model/status.js';

/** When the nodes were last observed: the newest check; of a cluster without one, its creation. */
export const lastMeasured = ({ conditions, createdAt }: StatusView): string =>
  [createdAt, ...conditions.map((one) => one.lastChecked)].sort().at(-1) ?? createdAt;

/** A status of before as what it is now: what no one has measured is Unknown. */
export function unmeasured(status: StatusView): StatusView {
  return {
    ...status,
    health: 'Unknown',
    nodes: status.nodes.map((node) => ({
      ...node,
      power: node.power === 'none' ? node.power : 'unknown',
      ready: 'Unknown',
      voter: node.voter === '-' ? '-' : 'Unknown',
    })),
    conditions: status.conditions.map((one) => ({
      ...one,
      status: 'Unknown',
      reason: 'NotMeasured',
      message: `no worker measures it; it was ${one.status}: ${one.message}`,
      advice: '',
    })),
  };
}
