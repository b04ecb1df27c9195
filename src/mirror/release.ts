import type { Architecture } from '../model/state.js';

/** A mirror on the other side of the world answers within seconds; one behind a firewall that drops packets never does. */
const ANSWER_MS = 10_000;

/** What a mirror says of one release for one architecture. */
export type ReleaseAnswer =
  /** `sums`: the text of `sha256sum-<architecture>.txt`. */
  | { kind: 'found'; url: string; sums: string }
  | { kind: 'missing'; url: string }
  /** `reason`: why nothing is known, e.g. `ENOTFOUND` or `HTTP 503`. */
  | { kind: 'unanswered'; url: string; reason: string };

/**
 * Asks the mirror for a release by the smallest file that each release has. [K3s releases: sha256sum-<arch>.txt]
 *
 * @param signal ends the question early
 * @throws the signal's reason when it aborts
 */
export async function askRelease(
  { mirror, version }: { mirror: string; version: string },
  architecture: Architecture,
  signal: AbortSignal,
): Promise<ReleaseAnswer> {
  const url = `${mirror}/${version.replaceAll('+', '%2B')}/sha256sum-${architecture}.txt`;
  try {
    const answer = await fetch(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
      redirect: 'follow',
    });
    const sums = await answer.text();
    if (answer.status === 404) return { kind: 'missing', url };
    return answer.ok ? { kind: 'found', url, sums } : { kind: 'unanswered', url, reason: `HTTP ${answer.status}` };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    return { kind: 'unanswered', url, reason: reasonOf(error) };
  }
}

/** fetch says `fetch failed`; the reason is in its cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
