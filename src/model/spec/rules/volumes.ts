import type { DataVolume, RootVolume } from '../schema.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

/** gp3: at most 500 IOPS for each GiB, and a quarter of a MiB/s for each of them. gp2 takes neither. [docs: EBS, gp3 volumes; EC2 EbsBlockDevice] */
const IOPS_PER_GIB = 500;
const MIB_PER_IOPS = 0.25;
const LEAST_IOPS = 3000;
const MOST_GP3_IOPS = 80_000;
const MOST_GP2_GIB = 16_384;

/** io2 Block Express: at most 1,000 IOPS for each GiB, and no size below 4 GiB. [docs: EBS, Provisioned IOPS SSD volumes] */
const IO2_IOPS_PER_GIB = 1000;
const LEAST_IO2_GIB = 4;

/** Checks the figures of a volume by its type. */
export const volumes: Rule = ({ spec }) => [
  ...check(spec.servers.rootVolume, ['spec', 'servers', 'rootVolume']),
  ...spec.servers.volumes.flatMap((one, at) => check(one, ['spec', 'servers', 'volumes', at])),
  ...spec.pools.flatMap((pool, index) => [
    ...check(pool.rootVolume, ['spec', 'pools', index, 'rootVolume']),
    ...pool.volumes.flatMap((one, at) => check(one, ['spec', 'pools', index, 'volumes', at])),
  ]),
];

function check(volume: RootVolume | DataVolume, path: (string | number)[]): Violation[] {
  const { encrypted, kmsKeyId } = volume;
  const at: At = (field, message, hint) => ({ path: [...path, field], message, hint });
  const violations = figures[volume.type](volume, at);
  if (kmsKeyId !== undefined && !encrypted)
    violations.push(at('kmsKeyId', 'has no effect without encrypted: true', 'leave one of them out'));
  return violations;
}

type At = (field: string, message: string, hint: string) => Violation;
type Figures = Pick<DataVolume, 'sizeGiB' | 'iops' | 'throughput'>;

const figures: Record<DataVolume['type'], (volume: Figures, at: At) => Violation[]> = { gp2, gp3, io2 };

function gp2({ sizeGiB, ...volume }: Figures, at: At): Violation[] {
  const violations: Violation[] = [];
  for (const field of ['iops', 'throughput'] as const)
    if (volume[field] !== undefined) violations.push(at(field, 'is not for gp2', 'leave it out, or use gp3'));
  if (sizeGiB > MOST_GP2_GIB)
    violations.push(at('sizeGiB', `is ${sizeGiB}, and gp2 has at most ${MOST_GP2_GIB}`, 'use gp3'));
  return violations;
}

function gp3({ sizeGiB, iops, throughput }: Figures, at: At): Violation[] {
  const violations: Violation[] = [];
  if (iops !== undefined && (iops < LEAST_IOPS || iops > MOST_GP3_IOPS))
    violations.push(
      at('iops', `is ${iops}, and gp3 has ${LEAST_IOPS} to ${MOST_GP3_IOPS}`, 'leave it out, or use io2'),
    );
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
  return violations;
}

function io2({ sizeGiB, iops, throughput }: Figures, at: At): Violation[] {
  const violations: Violation[] = [];
  if (iops === undefined) violations.push(at('iops', 'is missing, and io2 needs it', 'add it, or use gp3'));
  else if (iops > sizeGiB * IO2_IOPS_PER_GIB)
    violations.push(
      at(
        'iops',
        `is ${iops} for ${sizeGiB} GiB`,
        `at most ${IO2_IOPS_PER_GIB} for each GiB: ${sizeGiB * IO2_IOPS_PER_GIB}`,
      ),
    );
  if (sizeGiB < LEAST_IO2_GIB)
    violations.push(at('sizeGiB', `is ${sizeGiB}, and io2 has at least ${LEAST_IO2_GIB}`, 'use gp3'));
  if (throughput !== undefined)
    violations.push(at('throughput', 'is not for io2', 'leave it out: it follows from the IOPS'));
  return violations;
}
