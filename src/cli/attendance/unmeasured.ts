import type { StatusView } from '../../model/status.js';

/** Returns when the nodes were last observed: the newest check, or the creation of a cluster without one. */
export const lastMeasured = ({ conditions, createdAt }: StatusView): string =>
  [createdAt, ...conditions.map((one) => one.lastProbeTime)].sort().at(-1) ?? createdAt;

/** Returns an earlier status as of now: what no one has measured is Unknown. */
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
      hint: '',
    })),
  };
}
