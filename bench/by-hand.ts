import { hostSettings } from '../packages/aws-simulator/src/hosts/settings.js';
import { keyVariables } from '../packages/local-stack/src/local-env.js';
import { createByHand } from './by-hand/pipeline.js';
import { ratioOf } from './operation-ratio.js';
import type { Row } from './report.js';
import { BenchCluster, openStack } from './stack.js';

/**
 * Three servers made by a hand-made pipeline over SSM, and by Keelson, one after the other in the same region: profile `aws`, or real hosts
 * where KEELSON_HOST_COMMAND names a command for them. KEELSON_BENCH_K3S_VERSION names another version that the mirror has.
 */
export async function benchByHand(): Promise<Row[]> {
  const version = process.env['KEELSON_BENCH_K3S_VERSION'] ?? 'v1.34.2+k3s1';
  const bench = await openStack('aws');
  try {
    // The SDK's clients find region and credentials where any program finds them; an engineer at work has an admin's.
    Object.assign(process.env, bench.stack.variables, keyVariables('admin'));
    const byHand = await createByHand({
      name: 'by-hand',
      region: 'eu-west-1',
      instanceType: 't3.medium',
      instanceProfile: bench.stack.variables['KEELSON_INSTANCE_PROFILE'] ?? '',
      tags: {},
      mirror: bench.stack.env['KEELSON_K3S_MIRROR'] ?? 'https://github.com/k3s-io/k3s/releases/download',
      version,
      servers: 3,
    });
    const cluster = await BenchCluster.start(bench, { name: 'keelson', mode: 'ha', version });
    const status = await cluster.settled('Running');
    const [operation] = status.operations;
    if (operation === undefined) throw new Error('the cluster has no operation');
    const since = (at: string | null): number => (Date.parse(at ?? '') - Date.parse(status.createdAt)) / 1000;
    const steps = operation.steps.filter(({ kind }) =>
      ['launch', 'wait-for-agent', 'bootstrap', 'join', 'verify'].includes(kind),
    );
    // On real hosts the region knows the latencies of AWS alone: there is no critical path.
    const path =
      hostSettings(process.env) === null ? await ratioOf(bench, 'keelson', operation, status.createdAt) : null;
    const seconds = since(operation.endedAt);
    return [
      { case: 'by hand, three servers', seconds: byHand.seconds, stages: stagesOf(Object.entries(byHand.stages)) },
      {
        case: 'Keelson, create ha',
        seconds,
        overByHand: seconds / byHand.seconds,
        ...(path !== null && { criticalPathSeconds: path.criticalPathSeconds, ratio: path.ratio, chain: path.chain }),
        stages: stagesOf(steps.map(({ id, endedAt }) => [id, since(endedAt)])),
      },
    ];
  } finally {
    await bench.close();
  }
}

const stagesOf = (stages: [name: string, seconds: number][]): string =>
  stages.map(([name, seconds]) => `${name} ${seconds.toFixed(1)}`).join(', ');
