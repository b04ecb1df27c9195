import type { RootVolume } from '../schema.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

/** gp3: at most 500 IOPS for each GiB, and a quarter of a MiB/s for each of them. gp2 takes neither. [docs: EBS, gp3 volumes; EC2 EbsBlockDevice] */
const IOPS_PER_GIB = 500;
const MIB_PER_IOPS = 0.25;
const LEAST_IOPS = 3000;
const MOST_GP2_GIB = 16_384;

/** What the type of a root volume takes, and how its figures go together. */
export const volumes: Rule = ({ spec }) => [
  ...check(spec.servers.rootVolume, ['spec', 'servers', 'rootVolume']),
  ...spec.pools.flatMap((pool, index) => check(pool.rootVolume, ['spec', 'pools', index, 'rootVolume'])),
];

function check(volume: RootVolume, path: (string | number)[]): Violation[] {
  const { type, sizeGiB, iops, throughput, encrypted, kmsKeyId } = volume;
  const at = (field: string, message: string, remedy: string): Violation => ({
    path: [...path, field],
    message,
    remedy,
  });
  const violations: Violation[] = [];
  for (const field of ['iops', 'throughput'] as const)
    if (type === 'gp2' && volume[field] !== undefined)
      violations.push(at(field, 'is not for gp2', 'leave it out, or use gp3'));
  if (type === 'gp2' && sizeGiB > MOST_GP2_GIB)
    violations.push(at('sizeGiB', `is ${sizeGiB}, and gp2 has at most ${MOST_GP2_GIB}`, 'use gp3'));
  if (iops !== undefined && iops > LEAST_IOPS && iops > sizeGiB * IOPS_PER_GIB)
    violations.push(
      at(
        'iops',
        `is ${iops} for ${sizeGiB} GiB`,
        `at most ${IOPS_PER_GIB} for each GiB: ${Math.max(LEAST_IOPS, sizeGiB * IOPS_PER_GIB)}`,
      ),
    );
  const most = (iops ?? LEAST_IOPS) * MIB_PER_IOPS;
  if (throughput !== undefined && throughput > most)
    violations.push(
      at(
        'throughput',
        `is ${throughput} MiB/s with ${iops ?? LEAST_IOPS} IOPS`,
        `at most ${most}: a quarter of the IOPS`,
      ),
    );
  if (kmsKeyId !== undefined && !encrypted)
    violations.push(at('kmsKeyId', 'has no effect without encrypted: true', 'leave one of them out'));
  return violations;
}
