import { messageOf } from '../../aws/error-code.js';
import type { ClusterSpec } from '../../model/spec/schema.js';
import type { Architecture } from '../../model/state.js';
import type { Attempt } from '../attempt.js';
import { invalid } from './invalid.js';

const PATIENCE_MS = 10_000;

const BINARY: Record<Architecture, string> = { amd64: 'k3s', arm64: 'k3s-arm64' };

/**
 * Whether the mirror has the release, before anything is made. A mirror that cannot be reached from here is only noted: in an
 * air-gapped site the nodes may reach it although the worker does not.
 *
 * @throws `invalid` failures VersionNotFound, ChecksumMismatch
 */
export async function checkRelease(
  attempt: Attempt,
  k3s: ClusterSpec['k3s'],
  architecture: Architecture,
): Promise<void> {
  const url = `${k3s.mirror}/${k3s.version.replaceAll('+', '%2B')}/sha256sum-${architecture}.txt`;
  let answer: Response;
  let text: string;
  try {
    const signal = AbortSignal.any([attempt.signal, AbortSignal.timeout(PATIENCE_MS)]);
    answer = await fetch(url, { signal, redirect: 'follow' });
    text = await answer.text();
  } catch (error) {
    if (attempt.signal.aborted) throw attempt.signal.reason;
    attempt.log.warn('mirror not reachable from the worker; the nodes will tell', { url, error: reasonOf(error) });
    return;
  }
  if (answer.status === 404)
    throw invalid(
      'VersionNotFound',
      `the mirror ${k3s.mirror} has no ${k3s.version} for ${architecture} (GET ${url}: 404)`,
      'correct spec.k3s.version or spec.k3s.mirror; releases are listed at https://github.com/k3s-io/k3s/releases',
    );
  if (!answer.ok) {
    attempt.log.warn('mirror did not answer the worker; the nodes will tell', { url, status: answer.status });
    return;
  }
  checkSum(k3s, architecture, text, url);
}

function checkSum(k3s: ClusterSpec['k3s'], architecture: Architecture, text: string, url: string): void {
  const pinned = k3s.sha256[architecture];
  if (pinned === undefined) return;
  const listed = text
    .split('\n')
    .map((line) => line.trim().split(/\s+\*?/))
    .find(([, name]) => name === BINARY[architecture])?.[0];
  if (listed !== pinned)
    throw invalid(
      'ChecksumMismatch',
      `spec.k3s.sha256.${architecture} is ${pinned}, but ${url} says ${listed ?? `nothing about ${BINARY[architecture]}`}`,
      'find out which of the two is right before anything runs it; the pin belongs to one version only',
    );
}

/** fetch says `fetch failed`; the reason is in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return messageOf(cause);
}
