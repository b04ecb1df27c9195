import { nearest } from '../nearest.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

/**
 * Checks what the name of a type says; Keelson asks EC2 for the rest before it makes anything. Every nano has half a GiB of memory, and a
 * K3s server needs 2 GiB. [docs: EC2 instance types, general purpose; K3s requirements]
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
      hint: 'for example t3.medium',
    }));
  return [
    ...macs,
    ...types.flatMap(paravirtual),
    ...smallServers(spec.servers.instanceType),
    ...types.flatMap(sizes),
    ...twice(spec),
  ];
};

/** These start images with paravirtualisation only, and today's images are of virtualisation type hvm. [docs: EC2, Linux AMI virtualization types] */
function paravirtual({ type, path }: { type: string; path: (string | number)[] }): Violation[] {
  if (!/^(t1|m1|m2|c1)\./.test(type)) return [];
  return [{ path, message: `${type} does not start images of today: it has no HVM`, hint: 'for example t3.medium' }];
}

/** Families by their letters. [docs: EC2, instance type naming conventions] */
const SIZE = /\.(nano|micro|small|medium|large|\d*xlarge|metal(-\d+(xl|tb))?)$/;

function sizes({ type, path }: { type: string; path: (string | number)[] }): Violation[] {
  if (SIZE.test(type)) return [];
  const size = type.split('.')[1] ?? '';
  const meant = /^\d+xl$/.test(size) ? `${size}arge` : nearest(size, WORDS);
  const hint = meant === null ? 'for example t3.medium' : `did you mean ${type.replace(/\..*/, '')}.${meant}?`;
  return [{ path, message: `${type} has a size that EC2 does not have`, hint }];
}

const WORDS = ['nano', 'micro', 'small', 'medium', 'large', 'xlarge', '2xlarge', '4xlarge', '8xlarge', 'metal'];

/** A repeated type or zone is most often a mistake for another one. */
function twice({ pools }: Parameters<Rule>[0]['spec']): Violation[] {
  return pools.flatMap(({ instanceType, fallbackTypes, zones = [] }, index) => {
    const path = ['spec', 'pools', index];
    const types = [instanceType, ...fallbackTypes];
    return [
      ...fallbackTypes.flatMap((type, at) =>
        types.indexOf(type) === at + 1
          ? []
          : [{ path: [...path, 'fallbackTypes', at], message: `${type} is there twice`, hint: 'leave one out' }],
      ),
      ...zones.flatMap((zone, at) =>
        zones.indexOf(zone) === at
          ? []
          : [{ path: [...path, 'zones', at], message: `${zone} is there twice`, hint: 'leave one out' }],
      ),
    ];
  });
}

function smallServers(type: string): Violation[] {
  if (!type.endsWith('.nano')) return [];
  const message = `${type} has 0.5 GiB of memory, and a K3s server needs 2 GiB`;
  return [{ path: ['spec', 'servers', 'instanceType'], message, hint: 'for example t3.medium' }];
}
