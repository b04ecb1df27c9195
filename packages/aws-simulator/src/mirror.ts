/**
 * A mirror of K3s releases with the stand-in as its binary, laid out like the real one: `/_mirror/<version>/{k3s,
 * k3s-arm64,sha256sum-amd64.txt,sha256sum-arm64.txt}`. [docs: k3s-io/k3s releases]
 */
import type { HttpReply, World } from './contract.js';
import { sha256 } from './sigv4.js';

export type StandInBinary = (version: string, arch: 'amd64' | 'arm64') => Buffer;

/** Releases of the mirror. The checksums of the last do not fit its binaries: for tests of that. */
const VERSIONS = [
  'v1.33.5+k3s1',
  'v1.33.6+k3s1',
  'v1.33.7+k3s3',
  'v1.34.1+k3s1',
  'v1.34.2+k3s1',
  'v1.34.10+k3s1',
  'v1.35.0+k3s1',
  'v1.34.2+k3s99',
];
const CORRUPTED = 'v1.34.2+k3s99';

const FILES: Record<string, { arch: 'amd64' | 'arm64'; kind: 'binary' | 'sums' }> = {
  k3s: { arch: 'amd64', kind: 'binary' },
  'k3s-arm64': { arch: 'arm64', kind: 'binary' },
  'sha256sum-amd64.txt': { arch: 'amd64', kind: 'sums' },
  'sha256sum-arm64.txt': { arch: 'arm64', kind: 'sums' },
};

/** @param instanceId who asks, so that the download counts on that instance's way; null when unknown */
export async function serveMirror(
  world: World,
  binaryOf: StandInBinary,
  method: string,
  path: string,
  instanceId: () => string | null,
): Promise<HttpReply> {
  const [, , version = '', name = ''] = path.split('/').map(decodeURIComponent);
  const file = FILES[name];
  if ((method !== 'GET' && method !== 'HEAD') || file === undefined || !VERSIONS.includes(version)) {
    return { status: 404, headers: { 'content-type': 'text/plain' }, body: 'Not Found\n' };
  }
  const binary = binaryOf(version, file.arch);
  if (file.kind === 'sums') {
    const sum = version === CORRUPTED ? sha256('corrupted') : sha256(binary);
    const line = `${sum}  ${file.arch === 'amd64' ? 'k3s' : 'k3s-arm64'}\n`;
    return { status: 200, headers: { 'content-type': 'text/plain' }, body: line };
  }
  if (method === 'GET') await download(world, instanceId(), version);
  return {
    status: 200,
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(binary.length) },
    body: binary,
  };
}

async function download(world: World, instanceId: string | null, version: string): Promise<void> {
  const before = instanceId === null ? undefined : world.lastSpan(instanceId, 'boot', 'deliver');
  await world.impose({
    kind: 'download',
    ms: world.profile.download,
    note: version,
    after: before === undefined ? [] : [before.id],
    ...(instanceId !== null && { instanceId }),
  });
}
