import type { Operation } from '../src/model/state.js';
import type { BenchStack } from './stack.js';

export interface Ratio {
  wallSeconds: number;
  criticalPathSeconds: number;
  ratio: number;
  /** What is not imposed by AWS and K3s. */
  keelsonSeconds: number;
  chain: string;
}

/**
 * An operation's wall time against its critical path: the longest chain of latencies that the local region imposed, computed
 * by the region from its own record.
 */
export async function ratioOf(
  bench: BenchStack,
  cluster: string,
  operation: Pick<Operation, 'startedAt' | 'endedAt'>,
  since = operation.startedAt,
): Promise<Ratio> {
  const from = Date.parse(since);
  const to = Date.parse(operation.endedAt ?? '');
  const path = await bench.region<{ seconds: number; chain: { kind: string; ms: number }[] }>(
    `/_region/critical-path?cluster=${cluster}&since=${from}&until=${to}`,
  );
  const wallSeconds = (to - from) / 1000;
  return {
    wallSeconds,
    criticalPathSeconds: path.seconds,
    ratio: wallSeconds / path.seconds,
    keelsonSeconds: wallSeconds - path.seconds,
    chain: path.chain.map((link) => `${link.kind} ${(link.ms / 1000).toFixed(1)}`).join(', '),
  };
}
