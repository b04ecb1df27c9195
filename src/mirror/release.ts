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
  /** `reason`: that the mirror has no such file, or that its file says nothing of the binary. */
  | { kind: 'missing'; url: string; reason: string }
  /** A final failure: the answer is too large, or leads where the worker does not go. */
  | { kind: 'refused'; url: string; reason: string }
  /** `reason`: why there is no answer, e.g. `ENOTFOUND` or `HTTP 503`. */
  | { kind: 'unanswered'; url: string; reason: string };

/** Name of the binary in a release. [K3s releases] */
export const BINARY: Record<Architecture, string> = { amd64: 'k3s', arm64: 'k3s-arm64' };

/**
 * Asks the mirror for a release: by the smallest file of each, which has to name the checksum of the binary, and by whether the binary is there. A mirror that is
 * being filled has the one and not the other; a proxy that wants a login answers anything with a page. [K3s releases: sha256sum-<arch>.txt]
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
  const base = `${mirror}/${version.replaceAll('+', '%2B')}`;
  const binary = BINARY[architecture];
  let url = `${base}/sha256sum-${architecture}.txt`;
  const options = {
    most: MOST_BYTES,
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    isNamed: (one: URL) => policy === null || isNamed(one, policy),
  };
  try {
    const { status, text } = await getText(url, options);
    if (status === 404) return { kind: 'missing', url, reason: '404' };
    if (status < 200 || status > 299) return { kind: 'unanswered', url, reason: `HTTP ${status}` };
    if (sumIn(text, binary) === undefined)
      return { kind: 'missing', url, reason: `its answer names no checksum of ${binary}` };
    const sums = { kind: 'found', url, sums: text } as const;
    url = `${base}/${binary}`;
    // Some servers do not know HEAD: only that there is no such file is an answer.
    const there = await getText(url, { ...options, method: 'HEAD' }).catch(() => null);
    if (signal.aborted) throw signal.reason;
    return there?.status === 404 ? { kind: 'missing', url, reason: '404' } : sums;
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

/** Returns the checksum that the file names for a binary, or undefined. What is not a checksum is not shown to anyone: a mirror may write anything. */
export function sumIn(text: string, binary: string): string | undefined {
  const sums = text.split('\n').map((line) => /^([0-9a-f]{64})\s+\*?(\S+)\s*$/.exec(line));
  return sums.find((match) => match?.[2] === binary)?.[1];
}
