import { joinTarget } from './plan/wanted.js';
import type { ClusterState, Slot } from './state.js';

const DAY_MS = 86_400_000;

const ownerOf = ({ name, generation }: Slot): string => `${name}#${generation}`;

/** Notes that the server has stored its kubeconfig in the bucket; the server's report on certificates says when the one in it ends. */
export function recordPublished(state: ClusterState, slot: Slot, address: string | null): void {
  state.apiAddress = address;
  state.kubeconfigFrom = ownerOf(slot);
  state.kubeconfigUntil = slot.facts?.certificatesUntil ?? null;
}

/** Takes over a server's report on its certificates, if the published kubeconfig is its own and has no known end. */
export function measurePublished(state: ClusterState, slot: Slot): void {
  if (state.kubeconfigFrom === ownerOf(slot)) state.kubeconfigUntil ??= slot.facts?.certificatesUntil ?? null;
}

/**
 * Returns whether the server holds a certificate that lasts longer than the published one: K3s renews its own file at a start, and a new
 * server has a new one, but copies stay as they are. [k3s source: cert.go; k3s discussion #10024]
 */
export function isOutdated(state: ClusterState): boolean {
  const until = joinTarget(state)?.facts?.certificatesUntil ?? null;
  const { kubeconfigUntil: published } = state;
  return until !== null && published !== null && Date.parse(until) - Date.parse(published) > DAY_MS;
}
