import type { StatusView } from '../../../src/model/status.js';
import type { Bench } from '../harness.js';

/** Runs `k3s kubectl` on an instance of the local region. */
export const kubectlOn = (bench: Bench, instanceId: string, ...args: string[]) =>
  runOn(bench, instanceId, 'kubectl', args);

/** Runs `k3s` on an instance of the local region. */
export const k3sOn = (bench: Bench, instanceId: string, ...args: string[]) => runOn(bench, instanceId, 'k3s', args);

async function runOn(bench: Bench, instanceId: string, program: 'k3s' | 'kubectl', args: string[]) {
  const answer = await fetch(`${bench.stack.region.url}/_node/${instanceId}/${program}`, {
    method: 'POST',
    body: args.map((arg) => `${arg}\0`).join(''),
  });
  const [head = '', ...lines] = (await answer.text()).split('\n');
  const [code, count] = head.split(' ').map(Number);
  return { code, stdout: lines.slice(0, count).join('\n'), stderr: lines.slice(count).join('\n').trim() };
}

export const statusOf = (bench: Bench, name: string): Promise<StatusView> =>
  bench.client.workflow.getHandle(`cluster/${name}`).query<StatusView>('status');

/** Ids of the cluster's instances, servers first. */
export const instancesOf = async (bench: Bench, name: string): Promise<string[]> =>
  (await statusOf(bench, name)).nodes.flatMap(({ instanceId }) => instanceId ?? []);

/** Names of the ConfigMaps that tests make: in the namespace `default`. */
export async function configMapsOn(bench: Bench, instanceId: string): Promise<string[]> {
  const { stdout } = await kubectlOn(bench, instanceId, 'get', 'configmaps', '-n', 'default', '-o', 'name');
  return stdout.split('\n').filter((line) => line !== '');
}
