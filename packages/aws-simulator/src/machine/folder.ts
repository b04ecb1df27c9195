/** Where an instance's disk lies: `<dir>/instances/<id>/{root,bin,ssm}`. `root` is its file system, and outlives a stop. */
import { randomUUID } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface MachineFolder {
  base: string;
  /** The instance's file system; scripts know it as KEELSON_ROOT. */
  root: string;
  /** Stand-ins for programs of the operating system, first in PATH. */
  bin: string;
  /** Scratch space of the SSM agent. */
  ssm: string;
}

/** Programs that the operating system would have; each asks the region. */
const SYSTEM_STAND_INS = ['systemctl', 'journalctl', 'etcd-port', 'supervisor-port'];
const STAND_IN = fileURLToPath(new URL('../k3s/stand-ins/systemctl', import.meta.url));
const CURL = fileURLToPath(new URL('../k3s/stand-ins/curl', import.meta.url));

/** What works on block devices, which a folder has none of. */
const VOLUME_TOOLS = ['blkid', 'findmnt', 'mkfs.ext4', 'mkfs.xfs', 'mount'];
const VOLUME_STAND_IN = fileURLToPath(new URL('./stand-ins/volume-tools', import.meta.url));

export function machineFolder(dir: string, instanceId: string): MachineFolder {
  const base = join(dir, 'instances', instanceId);
  return { base, root: join(base, 'root'), bin: join(base, 'bin'), ssm: join(base, 'ssm') };
}

/** Makes the folders that a fresh image has, and the stand-ins. What is there stays. */
export function prepareFolder(folder: MachineFolder, instanceId: string, port: number): void {
  for (const below of ['etc/systemd/system', 'usr/local/bin', 'var/lib', 'var/log', 'tmp', 'run']) {
    mkdirSync(join(folder.root, below), { recursive: true });
  }
  mkdirSync(folder.bin, { recursive: true });
  mkdirSync(folder.ssm, { recursive: true, mode: 0o700 });
  for (const name of SYSTEM_STAND_INS) {
    copyFileSync(STAND_IN, join(folder.bin, name));
    chmodSync(join(folder.bin, name), 0o755);
  }
  for (const name of VOLUME_TOOLS) {
    copyFileSync(VOLUME_STAND_IN, join(folder.bin, name));
    chmodSync(join(folder.bin, name), 0o755);
  }
  copyFileSync(CURL, join(folder.bin, 'curl'));
  chmodSync(join(folder.bin, 'curl'), 0o755);
  // The stand-ins find the region by this file, so that nothing about it passes through Keelson's own scripts.
  writeFileSync(join(folder.bin, 'region.env'), `${port} /_node/${instanceId}\n`);
}

/** A new boot id, as the kernel gives one to each boot. */
export function writeBootId(folder: MachineFolder): string {
  const bootId = randomUUID();
  const dir = join(folder.root, 'proc/sys/kernel/random');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'boot_id'), `${bootId}\n`);
  return bootId;
}

/**
 * What a script finds in its environment: like the SSM agent's and cloud-init's, nearly nothing, and no HOME. [docs]
 * macOS needs nothing else either.
 */
export function bareEnvironment(folder: MachineFolder): Record<string, string> {
  return {
    PATH: [folder.bin, join(folder.root, 'usr/local/bin'), '/usr/bin', '/bin', '/usr/sbin', '/sbin'].join(':'),
    KEELSON_ROOT: folder.root,
  };
}

export function removeFolder(folder: MachineFolder): void {
  rmSync(folder.base, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
}
