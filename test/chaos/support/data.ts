import type { ChaosCluster } from './cluster.js';

/** What must be in the cluster after a restore, and what must not. */
export interface Expected {
  kept: string;
  gone: string;
}

/** Runs `k3s kubectl` on a server; its lines. */
async function kubectl(cluster: ChaosCluster, ...args: string[]): Promise<string[]> {
  const servers = (await cluster.status()).nodes.filter(({ role }) => role === 'server');
  const answer = await fetch(`${cluster.cell.region.url}/_node/${servers[0]?.instanceId}/kubectl`, {
    method: 'POST',
    body: args.map((arg) => `${arg}\0`).join(''),
  });
  const [head = '', ...lines] = (await answer.text()).split('\n');
  const [code, count] = head.split(' ').map(Number);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${lines.join(' ')}`);
  return lines.slice(0, count).filter((line) => line !== '');
}

export async function write(cluster: ChaosCluster, name: string): Promise<void> {
  await kubectl(cluster, 'create', 'configmap', name, '--from-literal=a=b');
}

/** What the newest backup held and the cluster lacks; and what was written later and is there all the same: another backup was restored. */
export async function lostIn(cluster: ChaosCluster, { kept, gone }: Expected): Promise<string[]> {
  const names = await kubectl(cluster, 'get', 'configmaps', '-n', 'default', '-o', 'name');
  return [
    ...(names.includes(`configmap/${kept}`) ? [] : [`${kept} was in the newest backup and is not in the cluster`]),
    ...(names.includes(`configmap/${gone}`) ? [`${gone} was written after the backup and is in the cluster`] : []),
  ];
}
