import type { Activities } from '../activities/api.js';
import { MIRROR_HINT } from '../activities/preflight/release.js';
import { invalid } from '../aws/account/invalid.js';
import { type MirrorPolicy, mirrorProblem } from '../mirror/policy.js';
import { siteMirror } from '../mirror/site.js';

/**
 * Lets a site name its own K3s mirror once, for all documents that leave `spec.k3s.mirror` at its default. Documents and histories stay the
 * same everywhere; only messages to AWS and the nodes name the mirror of the site. A mirror that the policy refuses reaches neither the
 * worker's network nor a node.
 *
 * @param policy what the operator allows; null allows every mirror
 */
export function withMirror(
  activities: Activities,
  mirror: string | null,
  policy: MirrorPolicy | null = null,
): Activities {
  if (mirror === null && policy === null) return activities;
  const substitute = (url: string): string => siteMirror(url, mirror);
  return {
    ...activities,
    resolveLaunchConfig: async (input) => {
      const { document } = input;
      const k3s = { ...document.spec.k3s, mirror: substitute(document.spec.k3s.mirror) };
      const { amd64, arm64 } = k3s.sha256;
      requireAllowed(k3s.mirror, (amd64 ?? arm64) !== undefined, policy);
      return activities.resolveLaunchConfig({ ...input, document: { ...document, spec: { ...document.spec, k3s } } });
    },
    runOnNodes: async (input) => {
      const { K3S_MIRROR: url, K3S_SHA256: sha256 = '' } = input.params;
      if (url === undefined) return activities.runOnNodes(input);
      const params = { ...input.params, K3S_MIRROR: substitute(url) };
      requireAllowed(params.K3S_MIRROR, sha256 !== '', policy);
      return activities.runOnNodes({ ...input, params });
    },
  };
}

function requireAllowed(mirror: string, pinned: boolean, policy: MirrorPolicy | null): void {
  const problem = policy === null ? null : mirrorProblem(mirror, pinned, policy);
  if (problem === null) return;
  throw invalid('MirrorNotAllowed', `spec.k3s.mirror ${mirror} cannot be used: ${problem}`, MIRROR_HINT);
}
