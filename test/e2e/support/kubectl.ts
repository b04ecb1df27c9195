import type { StatusView } from '#src/model/status.js';
import type { StackFixture } from '../fixture.js';

/** Runs `k3s kubectl` on an instance of the local region. */
export const kubectlOn = (fixture: StackFixture, instanceId: string, ...args: string[]) =>
  runOn(fixture, instanceId, 'kubectl', args);

/** Runs `k3s` on an instance of the local region. */
export const k3sOn = (fixture: StackFixture, instanceId: string, ...args: string[]) =>
  runOn(fixture, instanceId, 'k3s', args);

async function runOn(fixture: StackFixture, instanceId: string, program: 'k3s' | 'kubectl', args: string[]) {
  const answer = await fetch(`${fixture.stack.region.url}/_node/${instanceId}/${program}`, {
    method: 'POST',
    body: args.map((arg) => `${arg}\0`).join(''),
  });
  const [head = '', ...lines] = (await answer.text()).split('\n');
  const [code, count] = head.split(' ').map(Number);
  return { code, stdout: lines.slice(0, count).join('\n'), stderr: lines.slice(count).join('\n').trim() };
}

export const statusOf = (fixture: StackFixture, name: string): Promise<StatusView> =>
  fixture.client.workflow.getHandle(`cluster/${name}`).query<StatusView>('status');

/** Ids of the cluster's instances, servers first. */
export const instancesOf = async (fixture: StackFixture, name: string): Promise<string[]> =>
  (await statusOf(fixture, name)).nodes.flatMap(({ instanceId }) => instanceId ?? []);

/** Names of the ConfigMaps that tests make: in the namespace `default`. */
export async function configMapsOn(fixture: StackFixture, instanceId: string): Promise<string[]> {
  const { stdout } = await kubectlOn(fixture, instanceId, 'get', 'configmaps', '-n', 'default', '-o', 'name');
  return stdout.split('\n').filter((line) => line !== '');
}
