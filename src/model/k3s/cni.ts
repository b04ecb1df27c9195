import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState } from '../state.js';

/** Source of the pods' network: K3s's Flannel, a manifest of the document, or someone outside of the document. */
export type Cni = 'flannel' | 'manifest' | 'outside';

/** A CNI writes its configuration where the kubelet's runtime looks for it, or is a chart that people install for that. */
const INSTALLS = /\/(etc\/cni\/net\.d|opt\/cni\/bin)\b/;
const CHARTS = /^\s*(chart|repo):\s*\S*(cilium|calico|tigera|antrea|kube-ovn|kube-router|canal|flannel|weave)/m;

export const isCniManifest = (content: string): boolean => INSTALLS.test(content) || CHARTS.test(content);

/** With `flannel-backend: none` no node becomes Ready before another CNI runs. [docs: K3s, basic network options, custom CNI] */
export function cniOf(spec: ClusterDocument['spec']): Cni {
  if (spec.k3s.config['flannel-backend'] !== 'none') return 'flannel';
  return spec.k3s.manifests.some(({ content = '' }) => isCniManifest(content)) ? 'manifest' : 'outside';
}

/**
 * Returns whether nodes that are not Ready lack only a CNI, which comes from outside of the document and has not come yet. From the first
 * Ready node on, a node that is not Ready is a fault like any other.
 */
export const lacksCni = (state: Pick<ClusterState, 'document' | 'readySeen'>): boolean =>
  !state.readySeen && cniOf(state.document.spec) === 'outside';

export const WITHOUT_CNI =
  'is not Ready: no CNI runs, spec.k3s.config.flannel-backend is none and no manifest brings another';
