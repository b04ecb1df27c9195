import { TooLarge } from '../model/read-at-most.js';
import type { Architecture } from '../model/state.js';
import { OwnAddress } from './addresses.js';
import { getText, RedirectRefused } from './get.js';
import { isNamed, type MirrorPolicy } from './policy.js';

/** A mirror on the other side of the world answers within seconds; one behind a firewall that drops packets never does. */
const ANSWER_MS = 10_000;
/** A file of checksums has a few lines. */
const MOST_BYTES = 64 * 1024;

/** A mirror's answer about one release for one architecture. */
export type ReleaseAnswer =
  /** `sums`: the text of `sha256sum-<architecture>.txt`. */
  | { kind: 'found'; url: string; sums: string }
  | { kind: 'missing'; url: string }
  /** A final failure: the answer is too large, or leads where the worker does not go. */
  | { kind: 'refused'; url: string; reason: string }
  /** `reason`: why there is no answer, e.g. `ENOTFOUND` or `HTTP 503`. */
  | { kind: 'unanswered'; url: string; reason: string };

/**
 * Asks the mirror for a release by the smallest file of each release. [K3s releases: sha256sum-<arch>.txt]
 *
 * @param signal ends the question early
 * @param policy what the operator allows by name; null allows any address
 * @throws the signal's reason when it aborts
 */
export async function askRelease(
  { mirror, version }: { mirror: string; version: string },
  architecture: Architecture,
  signal: AbortSignal,
  policy: MirrorPolicy | null,
): Promise<ReleaseAnswer> {
  const url = `${mirror}/${version.replaceAll('+', '%2B')}/sha256sum-${architecture}.txt`;
  try {
    const { status, text } = await getText(url, {
      most: MOST_BYTES,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
      isNamed: (one) => policy === null || isNamed(one, policy),
    });
    if (status === 404) return { kind: 'missing', url };
    const ok = status >= 200 && status <= 299;
    return ok ? { kind: 'found', url, sums: text } : { kind: 'unanswered', url, reason: `HTTP ${status}` };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof TooLarge || error instanceof OwnAddress || error instanceof RedirectRefused)
      return { kind: 'refused', url, reason: error.message };
    return { kind: 'unanswered', url, reason: reasonOf(error) };
  }
}

/** Some errors only wrap their reason. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
