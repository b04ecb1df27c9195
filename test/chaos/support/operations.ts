import { commandOf } from './again.js';
import type { ChaosCluster } from './cluster.js';
import { brokenBackups, lostIn } from './data.js';
import {
  compare,
  drillsLeft,
  type Findings,
  leftoversOf,
  newlyTwice,
  noFindings,
  secretsOf,
  whereSecretsShow,
} from './evidence.js';
import { type Kill, Reaper } from './kill.js';
import type { OperationName } from './names.js';

const ACTS: Record<OperationName, (cluster: ChaosCluster) => Promise<void>> = {
  'create dev': (cluster) => cluster.create(),
  'create ha': (cluster) => cluster.create(),
  stop: (cluster) => cluster.stop(),
  start: (cluster) => cluster.start(),
  resize: (cluster) => cluster.resize(cluster.shape.serverType === 't3.medium' ? 't3.large' : 't3.medium'),
  'add agents': (cluster) => cluster.apply({ agents: 2 }),
  'remove agents': (cluster) => cluster.apply({ agents: 0 }),
  'apply config': (cluster) =>
    cluster.apply({ disable: cluster.shape.disable === 'traefik' ? 'servicelb' : 'traefik' }),
  repair: (cluster) => cluster.repair('server-1', 'terminate', 'told'),
  // Event and region watch are all that tells.
  'repair unasked': (cluster) => cluster.repair('server-2', 'terminate', 'untold'),
  'repair sick': (cluster) => cluster.repair('server-0', 'crash', 'told'),
  backup: (cluster) => cluster.backup(),
  restore: (cluster) => cluster.restore(),
  'restore back': (cluster) => cluster.restore(),
  'restore lost': (cluster) => cluster.restore(),
  // The document allows it; no one asks.
  'restore unasked': (cluster) => cluster.comeBack(),
  'restore into': (cluster) => cluster.restoreInto(),
  drill: (cluster) => cluster.drill(),
  rotate: (cluster) => cluster.rotate('token'),
  delete: (cluster) => cluster.delete(),
};

/** What an operation needs, and no worker is killed in. */
const BEFORE: Partial<Record<OperationName, (cluster: ChaosCluster) => Promise<void>>> = {
  backup: (cluster) => cluster.writeOnce(),
  restore: (cluster) => cluster.beforeRestore('serving'),
  'restore back': (cluster) => cluster.beforeRestore('saved again'),
  'restore lost': (cluster) => cluster.beforeRestore('lost'),
  'restore unasked': (cluster) => cluster.beforeRestore('unseen'),
  'restore into': (cluster) => cluster.beforeRestore('deleted'),
  drill: async (cluster) => {
    await cluster.writeOnce();
    await cluster.backup();
  },
  rotate: (cluster) => cluster.writeOnce(),
};

export interface Outcome {
  operation: OperationName;
  kills: readonly Kill[];
  reaper: Reaper;
  seconds: number;
  findings: Findings;
}

/** Carries out one operation while workers are killed, and looks whether all that must hold does. */
export async function operate(
  cluster: ChaosCluster,
  operation: OperationName,
  kills: readonly Kill[] = [],
): Promise<Outcome> {
  const { cell } = cluster;
  const reaper = new Reaper(cell, kills);
  const secrets = secretsOf(cluster);
  const findings = noFindings();
  const started = Date.now();
  try {
    await BEFORE[operation]?.(cluster);
    cell.watchCalls(reaper.watch, operation === 'repair unasked' ? 'and events' : 'calls');
    await ACTS[operation](cluster);
  } catch (error) {
    findings.unreached.push(withCauses(error));
  }
  cell.watchCalls(null);
  await cell.ready();
  const seconds = (Date.now() - started) / 1000;
  await examine(cluster, operation, secrets, findings);
  return { operation, kills, reaper, seconds, findings };
}

/** Temporal's client says no more than `Failed to query Workflow`; why is below. */
function withCauses(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? `${error}: ${withCauses(error.cause)}` : String(error);
}

async function examine(
  cluster: ChaosCluster,
  operation: OperationName,
  secrets: string[],
  findings: Findings,
): Promise<void> {
  const { cell } = cluster;
  Object.assign(findings, await newlyTwice(cell));
  if (findings.unreached.length > 0) return;
  if (operation !== 'delete') {
    findings.unreached = await compare(cluster, operation === 'stop' ? 'stopped' : 'running');
    if (findings.unreached.length === 0 && cluster.expected !== null)
      findings.dataLost = await lostIn(cluster, cluster.expected);
    cluster.expected = null;
    findings.dataLost.push(...brokenBackups(cell));
    if (operation === 'drill') findings.leftovers = await drillsLeft(cell, cluster.name);
    return;
  }
  if (secrets.length === 0) findings.secrets.push('none was in the bucket: the search proves nothing');
  findings.secrets.push(...(await whereSecretsShow(cluster, secrets)));
  findings.leftovers = await leftoversOf(cell, cluster.name);
}

/** One line about a run, for progress and for a failing test. */
export function lineOf({ operation, kills, reaper, seconds, findings }: Outcome, place: string): string {
  const found = Object.entries(findings).flatMap(([what, list]: [string, string[]]) =>
    list.map((one) => `${what}: ${one}`),
  );
  const at = reaper.done.map(({ kill, at: id }) => `${kill.moment} ${id}`).join(', then ');
  const missed = reaper.missed.map((kill) => `${kill.moment} ${kill.at}`).join(', ');
  const resumed = reaper.resumedMs.map((ms) => `${(ms / 1000).toFixed(1)} s`).join(', ');
  const head = `${place} ${operation.padEnd(13)} ${seconds.toFixed(1).padStart(5)} s`;
  return [
    `${head}  ${at || 'undisturbed'}${resumed && ` (went on after ${resumed})`}${missed && ` (not met: ${missed})`}`,
    ...found.map((one) => `    ${one}`),
    ...(found.length > 0 ? [`    again: ${commandOf({ operation, kills })}`] : []),
  ].join('\n');
}
