import type { Activities } from '../activities/api.js';
import { siteMirror } from '../mirror/site.js';

/**
 * Lets a site name its own K3s mirror once, for all documents that leave `spec.k3s.mirror` at its default. The documents and
 * the workflows' histories stay the same everywhere; only what leaves for AWS and the nodes names the mirror of the site.
 */
export function withMirror(activities: Activities, mirror: string | null): Activities {
  if (mirror === null) return activities;
  const substitute = (url: string): string => siteMirror(url, mirror);
  return {
    ...activities,
    resolvePlacement: (input) => {
      const { document } = input;
      const k3s = { ...document.spec.k3s, mirror: substitute(document.spec.k3s.mirror) };
      return activities.resolvePlacement({ ...input, document: { ...document, spec: { ...document.spec, k3s } } });
    },
    runOnNodes: (input) => {
      const { K3S_MIRROR: url } = input.params;
      if (url === undefined) return activities.runOnNodes(input);
      return activities.runOnNodes({ ...input, params: { ...input.params, K3S_MIRROR: substitute(url) } });
    },
  };
}
