import { joinTarget } from './plan/wanted.js';
import type { ClusterState, Slot } from './state.js';

const DAY_MS = 86_400_000;

const ownerOf = ({ name, generation }: Slot): string => `${name}#${generation}`;

/** The server has stored its kubeconfig in the bucket. When the certificate in it ends is what the server tells of its certificates. */
export function recordPublished(state: ClusterState, slot: Slot, address: string | null): void {
  state.apiAddress = address;
  state.kubeconfigFrom = ownerOf(slot);
  state.kubeconfigUntil = slot.facts?.certificatesUntil ?? null;
}

/** Takes over what a server has reported about its certificates, where the published kubeconfig is its own and nothing is known of that one's end. */
export function measurePublished(state: ClusterState, slot: Slot): void {
  if (state.kubeconfigFrom === ownerOf(slot)) state.kubeconfigUntil ??= slot.facts?.certificatesUntil ?? null;
}

/**
 * Whether the server that would be asked holds a certificate that lasts longer than the published one: K3s renews its own file at a start, and a new server
 * has a new one, but copies stay as they are. [k3s source: cert.go; k3s discussion #10024]
 */
export function isOutdated(state: ClusterState): boolean {
  const until = joinTarget(state)?.facts?.certificatesUntil ?? null;
  const { kubeconfigUntil: published } = state;
  return until !== null && published !== null && Date.parse(until) - Date.parse(published) > DAY_MS;
}
