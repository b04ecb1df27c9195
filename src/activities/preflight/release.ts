import { invalid } from '../../aws/account/invalid.js';
import { type Ask, askAlways } from '../../aws/account/questions.js';
import type { MirrorPolicy } from '../../mirror/policy.js';
import { askRelease, BINARY, sumIn } from '../../mirror/release.js';
import type { ClusterSpec } from '../../model/spec/schema.js';
import type { Architecture } from '../../model/state.js';
import type { ActivityContext } from '../attempt.js';

export const MIRROR_HINT =
  'name an https mirror in spec.k3s.mirror, or pin the binary by spec.k3s.sha256; the operator may allow others by KEELSON_ALLOWED_MIRRORS';

/**
 * Whether the mirror has the release, before anything is made. A mirror that cannot be read from here is only noted: in an
 * air-gapped site the nodes may reach it although the worker does not.
 *
 * @returns why nothing is known of the release; null where the mirror has it
 * @throws `invalid` failures VersionNotFound, ChecksumMismatch, MirrorNotAllowed
 */
export async function checkRelease(
  attempt: ActivityContext,
  k3s: ClusterSpec['k3s'],
  architecture: Architecture,
  policy: MirrorPolicy | null,
  ask: Ask = askAlways,
): Promise<{ url: string; reason: string } | null> {
  const { mirror, version } = k3s;
  const answer = await ask(
    ['release', mirror, version, architecture],
    'person',
    () => askRelease(k3s, architecture, attempt.signal, policy),
    ({ kind }) => kind === 'found',
  );
  switch (answer.kind) {
    case 'unanswered':
      attempt.log.warn('mirror not reachable from the worker; the nodes will tell', answer);
      return { url: answer.url, reason: answer.reason };
    case 'refused':
      throw invalid(
        'MirrorNotAllowed',
        `the mirror ${k3s.mirror} cannot be used (GET ${answer.url}): ${answer.reason}`,
        MIRROR_HINT,
      );
    case 'missing':
      throw invalid(
        'VersionNotFound',
        `the mirror ${k3s.mirror} has no ${k3s.version} for ${architecture} (GET ${answer.url}: ${answer.reason})`,
        'correct spec.k3s.version or spec.k3s.mirror; releases are listed at https://github.com/k3s-io/k3s/releases',
      );
    case 'found':
      checkSum(k3s, architecture, answer.sums, answer.url);
      return null;
  }
}

function checkSum(k3s: ClusterSpec['k3s'], architecture: Architecture, text: string, url: string): void {
  const pinned = k3s.sha256[architecture];
  if (pinned === undefined) return;
  const listed = sumIn(text, BINARY[architecture]);
  if (listed !== pinned)
    throw invalid(
      'ChecksumMismatch',
      `spec.k3s.sha256.${architecture} is ${pinned}, but ${url} says ${listed ?? `nothing about ${BINARY[architecture]}`}`,
      'find out which of the two is right before anything runs it; the pin belongs to one version only',
    );
}
