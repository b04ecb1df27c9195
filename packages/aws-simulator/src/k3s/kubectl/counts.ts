/** `kubectl get --raw /api/v1/<kind>?limit=1`: a list cut after one object says how many follow. [Kubernetes API: ListMeta] */
import type { RunningServer } from '../running-server.js';

/** @returns the list as JSON; null for another path */
export function countable(url: URL, { membership }: RunningServer): string | null {
  const kind = /^\/api\/v1\/(nodes|namespaces|configmaps|secrets|pods)$/.exec(url.pathname)?.[1];
  if (kind === undefined || membership === null) return null;
  const { nodes, nodePasswords, configMaps } = membership.cluster;
  const counts: Record<string, number> = {
    nodes: nodes.size,
    namespaces: 4,
    configmaps: configMaps.list().length,
    secrets: nodePasswords.size,
    pods: 0,
  };
  const count = counts[kind] ?? 0;
  const metadata = {
    resourceVersion: String(configMaps.revision),
    ...(count > 1 && { continue: 'next', remainingItemCount: count - 1 }),
  };
  return JSON.stringify({ kind: 'List', apiVersion: 'v1', metadata, items: count === 0 ? [] : [{}] });
}
