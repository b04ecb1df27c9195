/** Size and speed of a volume in a request, and EC2's refusals. [docs: EC2 CreateVolume, EbsBlockDevice; EBS volume types] */
import { AwsError } from '../aws-error.js';
import type { Params } from './params.js';

export interface VolumeFigures {
  sizeGiB: number;
  type: string;
  iops: number;
  throughput: number | null;
  encrypted: boolean;
  kmsKeyId: string | null;
}

/** By type: sizes in GiB, IOPS, and most IOPS for each GiB; null if a request may not name any. */
const TYPES: Record<string, { size: [number, number]; iops: [number, number] | null; ratio: number }> = {
  gp2: { size: [1, 16_384], iops: null, ratio: 0 },
  gp3: { size: [1, 65_536], iops: [3_000, 80_000], ratio: 500 },
  io1: { size: [4, 16_384], iops: [100, 64_000], ratio: 50 },
  io2: { size: [4, 65_536], iops: [100, 256_000], ratio: 1_000 },
  st1: { size: [125, 16_384], iops: null, ratio: 0 },
  sc1: { size: [125, 16_384], iops: null, ratio: 0 },
};

const DEFAULT_IOPS = 3_000;
const DEFAULT_THROUGHPUT = 125;

/** @param of `Ebs` of a mapping, or a CreateVolume request */
export function readFigures(of: Params, sizeGiB: number): VolumeFigures {
  const type = of.text('VolumeType') ?? 'gp3';
  const limits = TYPES[type];
  if (limits === undefined)
    throw refused('InvalidParameterValue', `Value (${type}) for parameter volumeType is invalid.`);
  const { size, iops: range, ratio } = limits;
  if (sizeGiB < size[0] || sizeGiB > size[1])
    throw refused('InvalidParameterValue', `Volume of ${sizeGiB}GiB is invalid for volume type ${type}.`);
  const iops = of.integer('Iops');
  const throughput = of.integer('Throughput');
  if (iops !== undefined && range === null)
    throw refused('InvalidParameterCombination', `The parameter iops is not supported for ${type} volumes.`);
  if (iops === undefined && (type === 'io1' || type === 'io2'))
    throw refused('MissingParameter', `The parameter iops must be specified for ${type} volumes.`);
  if (iops !== undefined && range !== null && (iops < range[0] || iops > range[1]))
    throw refused('InvalidParameterValue', `Volume iops of ${iops} is out of the range of ${type}.`);
  if (iops !== undefined && iops > Math.max(DEFAULT_IOPS, sizeGiB * ratio))
    throw refused('InvalidParameterValue', `Iops to volume size ratio is too high; maximum is ${ratio}`);
  if (throughput !== undefined && type !== 'gp3')
    throw refused('InvalidParameterCombination', `The parameter throughput is not supported for ${type} volumes.`);
  if (throughput !== undefined && throughput > (iops ?? DEFAULT_IOPS) / 4)
    throw refused('InvalidParameterValue', 'Throughput (MiBps) to iops ratio is too high; maximum is 0.250000');
  const encrypted = of.flag('Encrypted') ?? false;
  const kmsKeyId = of.text('KmsKeyId') ?? null;
  if (kmsKeyId !== null && !encrypted)
    throw refused('InvalidParameterDependency', 'The parameter KmsKeyId requires the parameter Encrypted to be set.');
  return {
    sizeGiB,
    type,
    iops: iops ?? DEFAULT_IOPS,
    throughput: type === 'gp3' ? (throughput ?? DEFAULT_THROUGHPUT) : null,
    encrypted,
    kmsKeyId,
  };
}

const refused = (code: string, message: string): AwsError => new AwsError(code, 400, message);
