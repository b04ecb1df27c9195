/** Layout of an instance's disk: `<dir>/instances/<id>/{root,bin,ssm}`. `root` is its file system, and outlives a stop. */
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface MachineFolder {
  base: string;
  /** The instance's file system; scripts know it as KEELSON_ROOT. */
  root: string;
  /** Stand-ins for programs of the operating system, first in PATH. */
  bin: string;
  /** All programs of this computer but those that the image lacks; only for an image that lacks some. */
  tools: string;
  /** Scratch space of the SSM agent. */
  ssm: string;
}

/** Programs of the operating system; each asks the simulator. */
const SYSTEM_STAND_INS = ['systemctl', 'journalctl', 'etcd-port', 'etcd-client-port', 'supervisor-port', 'metadata'];
const STAND_IN = fileURLToPath(new URL('../k3s/stand-ins/systemctl', import.meta.url));
const CURL = fileURLToPath(new URL('../k3s/stand-ins/curl', import.meta.url));

/** Programs for block devices, which a folder does not have. */
const VOLUME_TOOLS = ['blkid', 'findmnt', 'mkfs.ext4', 'mkfs.xfs', 'mount'];
const VOLUME_STAND_IN = fileURLToPath(new URL('./stand-ins/volume-tools', import.meta.url));

export function machineFolder(dir: string, instanceId: string): MachineFolder {
  const base = join(dir, 'instances', instanceId);
  return { base, root: join(base, 'root'), bin: join(base, 'bin'), tools: join(base, 'tools'), ssm: join(base, 'ssm') };
}

/**
 * Makes the folders of a fresh image, and the stand-ins. Existing files stay.
 *
 * @param lacks programs that the image does not have
 */
export function prepareFolder(
  folder: MachineFolder,
  instanceId: string,
  port: number,
  lacks: readonly string[] = [],
): void {
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
  if (lacks.length > 0) takeAway(folder, lacks);
  // The stand-ins find the simulator by this file, so that nothing about it passes through Keelson's own scripts.
  writeFileSync(join(folder.bin, 'region.env'), `${port} /_node/${instanceId}\n`);
}

const SYSTEM_PATH = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/**
 * An image without a program: a folder with links to all others replaces the computer's own. A script may name the folders of the system
 * itself; so each bash also gets the list of missing programs. [bash(1): BASH_ENV]
 */
function takeAway({ bin, tools }: MachineFolder, lacks: readonly string[]): void {
  for (const name of lacks) rmSync(join(bin, name), { force: true });
  if (existsSync(tools)) return;
  mkdirSync(tools);
  writeFileSync(join(tools, LACKS), lacking(lacks));
  for (const path of SYSTEM_PATH) {
    if (!existsSync(path)) continue;
    for (const name of readdirSync(path)) {
      if (lacks.includes(name) || existsSync(join(tools, name))) continue;
      symlinkSync(join(path, name), join(tools, name));
    }
  }
}

const LACKS = '.lacks';

const lacking = (names: readonly string[]): string =>
  [
    'command() {',
    ...names.map((name) => `  [ "$1 \${2-}" != '-v ${name}' ] || return 1`),
    '  builtin command "$@"',
    '}',
    ...names.map((name) => `${name}() { printf 'bash: ${name}: command not found\\n' >&2; return 127; }`),
    '',
  ].join('\n');

/** Returns a new boot id, as the kernel gives one to each boot. */
export function writeBootId(folder: MachineFolder): string {
  const bootId = randomUUID();
  const dir = join(folder.root, 'proc/sys/kernel/random');
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'boot_id'), `${bootId}\n`);
  return bootId;
}

/**
 * Returns the environment of a script: nearly nothing, and no HOME, as from the SSM agent and cloud-init. [docs] macOS needs nothing else
 * either.
 */
export function bareEnvironment(folder: MachineFolder): Record<string, string> {
  return {
    PATH: [
      folder.bin,
      join(folder.root, 'usr/local/bin'),
      ...(existsSync(folder.tools) ? [folder.tools] : SYSTEM_PATH),
    ].join(':'),
    KEELSON_ROOT: folder.root,
    ...(existsSync(folder.tools) && { BASH_ENV: join(folder.tools, LACKS) }),
  };
}

let removing = Promise.resolve();

/**
 * Removes folders one after the other, and never all at once: to remove one takes tens of milliseconds, in which the region would answer no one. With 500 servers that end
 * together it accepted no connection for 55 s. [npm run bench -- storm]
 */
export function removeFolder(folder: MachineFolder): Promise<void> {
  const removed = removing.then(() => rm(folder.base, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 }));
  // One that fails keeps no other one.
  removing = removed.catch(() => undefined);
  return removed;
}
