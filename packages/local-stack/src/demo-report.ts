import { Client, Connection } from '@temporalio/client';
import { INTERCEPTORS } from '../../../src/cli/clusters/interceptors.js';
import type { StatusView } from '../../../src/model/status.js';
import { countDuplicates, countLaunches, countLeftovers, criticalPathSeconds, temporalEvidence } from './evidence.js';
import type { Stack } from './stack.js';

/** The last line of `npm run demo -- --once --json`. Its names are a promise; see docs/reference. */
export interface DemoReport {
  cluster: string;
  /** Phase at the end of the create. */
  phase: string;
  /** From the start of the cluster's workflow to Running, by its own record. */
  seconds: number;
  /** The longest chain of latencies that the simulator imposed on the create. */
  criticalPathSeconds: number;
  overheadRatio: number;
  /** Nodes that were Ready. */
  nodes: number;
  instancesLaunched: number;
  duplicates: number;
  leftovers: number;
  /** Of the create. */
  historyEvents: number;
  /** Events of the create, heartbeats included. */
  temporalActions: number;
}

const round = (value: number): number => Math.round(value * 1_000) / 1_000;

/** Returns the cost of the create, read after its end. `leftovers` counts nothing yet: the cluster exists. */
export async function measureCreate(
  stack: Stack,
  cluster: string,
  status: StatusView | null,
  started: number,
): Promise<DemoReport> {
  const seconds = round(secondsOf(status) ?? (Date.now() - started) / 1_000);
  const connection = await Connection.connect({ address: stack.temporal.address, interceptors: INTERCEPTORS });
  try {
    const [path, temporal, launched, duplicates] = await Promise.all([
      criticalPathSeconds(stack.region.url, cluster, started),
      temporalEvidence(new Client({ connection }), cluster, stack.metricsUrl),
      countLaunches(stack.region.url),
      countDuplicates(stack.region.url),
    ]);
    return {
      cluster,
      phase: status?.phase ?? 'unknown',
      seconds,
      criticalPathSeconds: round(path),
      overheadRatio: path > 0 ? round(seconds / path) : 0,
      nodes: status?.nodes.filter((node) => node.ready === 'True').length ?? 0,
      instancesLaunched: launched,
      duplicates,
      leftovers: 0,
      ...temporal,
    };
  } finally {
    await connection.close();
  }
}

/** Without the start of the CLI and its last check: those are not the cluster's. */
function secondsOf(status: StatusView | null): number | null {
  const create = status?.operations.find((one) => one.kind === 'create');
  if (status === null || create?.endedAt === null || create?.endedAt === undefined) return null;
  return (Date.parse(create.endedAt) - Date.parse(status.createdAt)) / 1_000;
}

/** Returns the report with the leftovers of the delete. */
export async function measureEnd(stack: Stack, report: DemoReport): Promise<DemoReport> {
  const [duplicates, leftovers] = await Promise.all([
    countDuplicates(stack.region.url),
    countLeftovers(stack.region.url, report.cluster),
  ]);
  return { ...report, duplicates, leftovers };
}

export function passed(report: DemoReport, status: StatusView): boolean {
  const allReady = status.nodes.length > 0 && status.nodes.every((node) => node.ready === 'True');
  return report.phase === 'Running' && allReady && report.duplicates === 0 && report.leftovers === 0;
}
