import * as z from 'zod';
import { DNS_LABEL, flag, text, whole } from './field.js';

const encrypted = flag("Encrypted with kmsKeyId, or else with the account's default EBS key.").default(true);

const kmsKeyId = text(
  /^(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:(key\/[\w-]{1,64}|alias\/[\w/-]{1,256})|alias\/[\w/-]{1,256}|(mrk-)?[0-9a-f]{8,32}(-[0-9a-f]{4,12}){0,4})$/,
  'is not the id, alias or ARN of a KMS key',
  'KMS key of the volume: an id, an alias, or an ARN. The worker needs its use: parameter EbsKmsKeyArns of the template.',
  'alias/volumes',
).optional();

export const rootVolume = z
  .strictObject({
    sizeGiB: whole(8, 16384, 'Size in GiB.', 30).default(30),
    type: z.enum(['gp3', 'gp2']).default('gp3').describe('EBS volume type.'),
    encrypted,
    kmsKeyId,
    iops: whole(3000, 80_000, 'I/O operations a second, of gp3 only. If absent: 3000.', 6000).optional(),
    throughput: whole(125, 2000, 'Throughput in MiB a second, of gp3 only. If absent: 125.', 250).optional(),
  })
  .prefault({})
  .describe('Root volume of each node; deleted together with its instance.');

/** The letters that AWS recommends for data volumes of Linux instances. [docs: EC2, device names] */
export const DEVICE_LETTERS = 'fghijklmnop';

const volume = z
  .strictObject({
    name: text(
      DNS_LABEL,
      'is not a DNS label',
      'Unique name. Keelson knows a kept volume by slot and name, so a new name is a new volume.',
      'data',
    ).max(32),
    sizeGiB: whole(1, 16384, 'Size in GiB.', 100),
    type: z.enum(['gp3', 'gp2', 'io2']).default('gp3').describe('EBS volume type.'),
    encrypted,
    kmsKeyId,
    iops: whole(
      100,
      256_000,
      'I/O operations a second; io2 needs it, gp3 has 3000 if it is absent, gp2 takes none.',
      6000,
    ).optional(),
    throughput: whole(125, 2000, 'Throughput in MiB a second, of gp3 only. If absent: 125.', 250).optional(),
    device: text(
      /^\/dev\/sd[f-p]$/,
      'is not a device name from /dev/sdf to /dev/sdp',
      'Device name that EC2 attaches it under. If absent: the first one in the list gets /dev/sdf, the second /dev/sdg.',
      '/dev/sdf',
    ).optional(),
    mountPath: text(
      /^\/[A-Za-z0-9._/@+-]{1,200}$/,
      'is not an absolute path of letters, digits and . _ / @ + -',
      'Where the node mounts it before K3s starts. If absent, the volume is attached raw and Keelson leaves it alone.',
      '/var/lib/data',
    ).optional(),
    filesystem: z
      .enum(['ext4', 'xfs'])
      .optional()
      .describe('File system of a volume with a mountPath. Keelson makes it on an empty volume only. If absent: ext4.'),
    keep: flag(
      'The volume outlives its instance: when Keelson replaces the node, the successor in the same slot gets this volume with its data, in the same zone. It is deleted together with the cluster.',
    ).default(false),
  })
  .describe('A data volume of each node.');

export const volumes = z
  .array(volume)
  .max(DEVICE_LETTERS.length)
  .default([])
  .describe('Data volumes of each node, beside the root volume.');
