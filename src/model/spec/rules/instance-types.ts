import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

/**
 * What the name of a type tells; the rest is asked of EC2 before anything is made. Every nano has half a GiB of memory, and a K3s
 * server needs 2 GiB. [docs: EC2 instance types, general purpose; K3s requirements]
 */
export const instanceTypes: Rule = ({ spec }) => {
  const types = [
    { type: spec.servers.instanceType, path: ['spec', 'servers', 'instanceType'] },
    ...spec.pools.map((pool, index) => ({ type: pool.instanceType, path: ['spec', 'pools', index, 'instanceType'] })),
    ...spec.pools.flatMap((pool, index) =>
      pool.fallbackTypes.map((type, at) => ({ type, path: ['spec', 'pools', index, 'fallbackTypes', at] })),
    ),
  ];
  const macs = types
    .filter(({ type }) => type.startsWith('mac'))
    .map(({ type, path }) => ({
      path,
      message: `${type} is a Mac, and K3s runs on Linux`,
      remedy: 'for example t3.medium',
    }));
  return [...macs, ...smallServers(spec.servers.instanceType)];
};

function smallServers(type: string): Violation[] {
  if (!type.endsWith('.nano')) return [];
  const message = `${type} has 0.5 GiB of memory, and a K3s server needs 2 GiB`;
  return [{ path: ['spec', 'servers', 'instanceType'], message, remedy: 'for example t3.medium' }];
}
