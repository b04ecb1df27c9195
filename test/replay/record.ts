import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { StatusView } from '#src/model/status.js';
import { BenchCluster, documentOf, openStack } from '../../bench/stack.js';
import { encodeHistory } from './format.js';

/** `npm run record`: runs each operation on the local region and keeps the history so far under its name. */
const folder = fileURLToPath(new URL('./histories/', import.meta.url));
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const fixture = await openStack('fast');

async function keep(cluster: BenchCluster, name: string): Promise<void> {
  const history = await cluster.handle.fetchHistory();
  writeFileSync(`${folder}${name}.pb.gz`, encodeHistory(history));
  process.stdout.write(`${name}: ${history.events?.length ?? 0} events\n`);
}

try {
  const dev = await BenchCluster.start(fixture, { name: 'dev', mode: 'dev' });
  await dev.settled('Running');
  await keep(dev, 'create-dev');

  const ha = await BenchCluster.start(fixture, { name: 'ha', mode: 'ha' });
  await ha.settled('Running');
  await keep(ha, 'create-ha');
  const apply = (agents: number, config: Record<string, unknown> = {}) => {
    const document = documentOf({ name: 'ha', mode: 'ha', agents, instanceType: 't3.large' });
    const spec = document['spec'] as { k3s: object };
    return ha.handle.executeUpdate('apply', {
      args: [{ document: { ...document, spec: { ...spec, k3s: { ...spec.k3s, config } } } }],
    });
  };
  /** No capacity for the type from now on, or capacity again. */
  const capacity = async (instanceType: string, isThere: boolean): Promise<void> => {
    const url = `${fixture.stack.region.url}/_region/faults`;
    const plan = { id: instanceType, point: 'capacity', match: { instanceType }, effect: 'none' };
    if (isThere) await fetch(`${url}/${instanceType}`, { method: 'DELETE' });
    else await fetch(url, { method: 'POST', body: JSON.stringify(plan) });
  };
  const resize = (instanceType: string) => ha.handle.executeUpdate('resize', { args: [{ instanceType }] });
  /** Someone terminates a server, or its machine hangs; until it is replaced. */
  const lose = async (slot: string, how: 'terminate' | 'crash'): Promise<void> => {
    const status = () => ha.handle.query<StatusView>('status');
    const { nodes, operations } = await status();
    const id = nodes.find((node) => node.slot === slot)?.instanceId;
    await fetch(`${fixture.stack.region.url}/_region/instances/${id}/${how}?hard`, { method: 'POST' });
    await ha.handle.signal('reconcile', { reason: 'recorded' });
    while ((await status()).operations.length === operations.length)
      await new Promise((resolve) => setTimeout(resolve, 250));
  };
  const steps: [string, () => Promise<unknown>, 'Running' | 'Stopped'][] = [
    ['resize', () => resize('t3.large'), 'Running'],
    [
      'resize-rolled-back',
      async () => {
        await capacity('m6i.large', false);
        await resize('m6i.large');
      },
      'Running',
    ],
    [
      'resize-back',
      async () => {
        await capacity('m6i.large', true);
        await resize('t3.large');
      },
      'Running',
    ],
    ['stop', () => ha.handle.signal('stop', {}), 'Stopped'],
    ['start', () => ha.handle.signal('start', {}), 'Running'],
    ['add-agents', () => apply(2), 'Running'],
    ['remove-agents', () => apply(0), 'Running'],
    ['apply-config', () => apply(0, { disable: ['traefik'] }), 'Running'],
    ['repair-lost', () => lose('server-1', 'terminate'), 'Running'],
    ['repair-sick', () => lose('server-2', 'crash'), 'Running'],
  ];
  for (const [name, act, phase] of steps) {
    await act();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await ha.settled(phase);
    await keep(ha, name);
  }
  await ha.handle.signal('delete', { confirm: ha.name });
  await ha.handle.result();
  await keep(ha, 'delete');
} finally {
  await fixture.close();
}
