/**
 * Data volumes of machines that are folders. A volume is the folder `<dir>/volumes/<id>/`: `device` stands for its blocks and begins with
 * the text of `mkfs`, `data` is its file system. A machine sees it as a link in `dev/disk/by-id`, as NVMe devices are named on EC2. A mount
 * is a link to `data`.
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type MachineFolder, machineFolder } from './folder.js';

/** How many bytes have to be empty in an empty volume; a sparse file of them costs nothing. */
const DEVICE_BYTES = 8 * 1024 * 1024;

const volumeDir = (dir: string, volumeId: string): string => join(dir, 'volumes', volumeId);
const devicesOf = (folder: MachineFolder): string => join(folder.root, 'dev/disk/by-id');
/** Lines `<uuid> <path below the root>`; not part of the disk. */
export const mountsOf = (folder: MachineFolder): string => join(folder.base, 'mounts');

/** [docs: EBS and NVMe: the id without its hyphen] */
const linkName = (volumeId: string): string => `nvme-Amazon_Elastic_Block_Store_${volumeId.replace('-', '')}`;

export function plug(dir: string, instanceId: string, volumeId: string): void {
  const volume = volumeDir(dir, volumeId);
  const device = join(volume, 'device');
  if (!existsSync(device)) {
    mkdirSync(volume, { recursive: true });
    const file = openSync(device, 'w');
    ftruncateSync(file, DEVICE_BYTES);
    closeSync(file);
  }
  const link = join(devicesOf(machineFolder(dir, instanceId)), linkName(volumeId));
  mkdirSync(dirname(link), { recursive: true });
  if (!isLink(link)) symlinkSync(device, link);
}

export function unplug(dir: string, instanceId: string, volumeId: string): void {
  rmSync(join(devicesOf(machineFolder(dir, instanceId)), linkName(volumeId)), { force: true });
}

export function erase(dir: string, volumeId: string): void {
  rmSync(volumeDir(dir, volumeId), { recursive: true, force: true });
}

/** At a boot: earlier mounts are gone, and /etc/fstab's are mounted by UUID. */
export function mountAll(dir: string, folder: MachineFolder): void {
  const file = mountsOf(folder);
  for (const [, path = ''] of linesOf(file)) {
    const target = join(folder.root, path);
    if (isLink(target)) unlinkSync(target);
    mkdirSync(target, { recursive: true });
  }
  const mounted = linesOf(join(folder.root, 'etc/fstab')).flatMap(([source = '', path = '']) => {
    const uuid = source.replace(/^UUID=/, '');
    const device = devicesIn(folder).find((one) => headOf(one)[1] === uuid);
    if (device === undefined) return [];
    const target = join(folder.root, path);
    mkdirSync(dirname(target), { recursive: true });
    rmSync(target, { recursive: true, force: true });
    symlinkSync(join(volumeDir(dir, volumeIdOf(device)), 'data'), target);
    return [`${uuid} ${path}\n`];
  });
  writeFileSync(file, mounted.join(''));
}

const devicesIn = (folder: MachineFolder): string[] =>
  existsSync(devicesOf(folder)) ? readdirSync(devicesOf(folder)).map((name) => join(devicesOf(folder), name)) : [];

const volumeIdOf = (link: string): string => link.replace(/^.*_vol/, 'vol-');

/** `<type> <uuid>`, as the stand-in for mkfs writes it; empty for an empty volume. */
const headOf = (device: string): string[] =>
  existsSync(device)
    ? (readFileSync(device).subarray(0, 200).toString('latin1').split('\0')[0]?.trim().split(' ') ?? [])
    : [];

const linesOf = (file: string): string[][] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) => /^[^#\s]/.test(line))
        .map((line) => line.split(/\s+/))
    : [];

const isLink = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
