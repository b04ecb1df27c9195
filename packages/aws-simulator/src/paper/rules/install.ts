/** The K3s binary and the unit. The counterpart of lib/binary.sh, install.sh and unit.sh, and of the user data. */
import { standInBinary } from '../../k3s/binary.js';
import { binaryVersion } from '../../k3s/binary-version.js';
import { serveMirror } from '../../mirror.js';
import { has, K3S, read, remove, STATE, sha256, write } from '../files.js';
import type { Job } from '../job.js';
import type { PaperNode } from '../node.js';

type Params = Readonly<Record<string, string>>;

/** What is wrong with a release, as a script says it. */
interface Fault {
  code: string;
  what: string;
  todo: string;
}

export const unitOf = (role: 'server' | 'agent'): string => (role === 'server' ? 'k3s' : 'k3s-agent');

/** Version of the binary in place; empty when there is none that runs. */
export const installedVersion = (machine: PaperNode): string => binaryVersion(machine.path(K3S)) ?? '';

const cacheOf = ({ K3S_VERSION, ARCH }: Params): string => `${STATE}/cache/k3s-${K3S_VERSION}-${ARCH}`;

/** Downloads under way, by machine and file: one that is needed twice comes once. */
const underWay = new WeakMap<PaperNode, Map<string, Promise<Fault | null>>>();

/** Leaves the checked binary in the cache. @returns what is wrong with it */
function fetchBinary(machine: PaperNode, params: Params): Promise<Fault | null> {
  const file = cacheOf(params);
  const own = underWay.get(machine) ?? new Map<string, Promise<Fault | null>>();
  underWay.set(machine, own);
  const running = own.get(file) ?? download(machine, params, file).finally(() => own.delete(file));
  own.set(file, running);
  return running;
}

async function download(machine: PaperNode, params: Params, file: string): Promise<Fault | null> {
  const { K3S_VERSION: version = '', K3S_MIRROR: mirror = '', ARCH: arch = '', K3S_SHA256: pin } = params;
  const pinned = (sum: string): Fault | null =>
    pin === undefined || pin === sum
      ? null
      : {
          code: 'ChecksumMismatch',
          what: `K3s ${version} for ${arch} has SHA-256 ${sum}, spec.k3s.sha256 says ${pin}`,
          todo: 'correct the pin, or find out who changed the file',
        };
  if (has(machine, file)) return pinned(sha256(read(machine, file)));
  const at = mirror.indexOf('/_mirror');
  const ask = (name: string) =>
    serveMirror(
      machine.world,
      standInBinary,
      'GET',
      `/_mirror/${version.replaceAll('+', '%2B')}/${name}`,
      () => machine.id,
    );
  // Paper reaches the mirror of its own region and no other.
  if (at < 0)
    return {
      code: 'MirrorUnreachable',
      what: `the mirror ${mirror}: no answer`,
      todo: 'name the mirror of the local region',
    };
  const sums = await ask(`sha256sum-${arch}.txt`);
  if (sums.status === 404)
    return {
      code: 'VersionNotFound',
      what: `checksums of K3s ${version} at ${mirror}: not there (HTTP 404)`,
      todo: 'check spec.k3s.version and spec.k3s.mirror',
    };
  const expected = sums.body.toString().split(' ')[0] ?? '';
  const wrong = pinned(expected);
  if (wrong !== null) return wrong;
  const { body } = await ask(arch === 'arm64' ? 'k3s-arm64' : 'k3s');
  const actual = sha256(body);
  if (actual !== expected)
    return {
      code: 'ChecksumMismatch',
      what: `K3s ${version} has SHA-256 ${actual}, sha256sum-${arch}.txt says ${expected}`,
      todo: 'the mirror is inconsistent or the file was changed on its way; do not use it',
    };
  if (machine.boot !== null) write(machine, file, body, 0o755);
  return null;
}

/** What user data does beside the node's key. @returns whether K3s is there */
export async function prefetch(machine: PaperNode, params: Params, boot: AbortSignal): Promise<boolean> {
  if (isRight(machine, params)) return true;
  const fault = await fetchBinary(machine, params);
  if (fault !== null || boot.aborted) return false;
  if (!has(machine, K3S)) placeBinary(machine, params);
  return true;
}

function isRight(machine: PaperNode, { K3S_VERSION: version, K3S_SHA256: pin }: Params): boolean {
  return installedVersion(machine) === version && (pin === undefined || sha256(read(machine, K3S)) === pin);
}

function placeBinary(machine: PaperNode, params: Params): void {
  write(machine, K3S, read(machine, cacheOf(params)), 0o755);
  remove(machine, cacheOf(params));
}

/** `version=`, `changed=`. */
export async function installK3s(job: Job): Promise<void> {
  const { machine } = job;
  const version = job.param('K3S_VERSION');
  let changed = false;
  if (!isRight(machine, job.of.params)) {
    const fault = await fetchBinary(machine, job.of.params);
    if (fault !== null) job.fail(fault.code, fault.what, fault.todo);
    placeBinary(machine, job.of.params);
    changed = true;
  }
  if (writeUnit(job)) changed = true;
  job.say(`K3s ${version} is installed as ${job.role} (changed: ${changed})`);
  job.result('version', version);
  job.result('changed', changed);
}

/** What the model of systemd reads of the unit. @returns whether something had to be changed */
function writeUnit({ machine, role }: Job): boolean {
  const file = `/etc/systemd/system/${unitOf(role)}.service`;
  const text = [
    ...['[Unit]', `Description=Lightweight Kubernetes (${role}), managed by Keelson`, '', '[Install]'],
    ...['WantedBy=multi-user.target', '', '[Service]', 'Type=notify', 'Restart=always', 'RestartSec=5s'],
    `ExecStart="${machine.path(K3S)}" ${role}`,
    '',
  ].join('\n');
  if (read(machine, file) === text) return false;
  write(machine, file, text, 0o644);
  machine.systemd.daemonReload();
  return true;
}
