import { existsSync, readFileSync } from 'node:fs';
import { paginateListCommandInvocations, paginateListCommands, SSMClient } from '@aws-sdk/client-ssm';
import { CREDENTIALS } from '../../../packages/aws-simulator/src/credentials.js';
import type { ChaosCell } from './chaos-cell.js';
import type { ChaosCluster, Shape } from './cluster.js';

/** What must hold after an operation, whatever happened in it. Empty lists are good; none comes from Keelson itself. */
export interface Findings {
  duplicates: string[];
  scriptsTwice: string[];
  leftovers: string[];
  secrets: string[];
  unreached: string[];
  /** Of what the newest backup held, after a restore. */
  dataLost: string[];
}

export const noFindings = (): Findings => ({
  duplicates: [],
  scriptsTwice: [],
  leftovers: [],
  secrets: [],
  unreached: [],
  dataLost: [],
});

interface InstanceEntry {
  id: string;
  type: string;
  state: string;
  tags: Record<string, string>;
}

/** Instances made twice and scripts begun twice in the cell, each told once. */
export async function newlyTwice(cell: ChaosCell): Promise<Pick<Findings, 'duplicates' | 'scriptsTwice'>> {
  const duplicates = await cell.ask<{ slot: string; generation: string; instanceIds: string[] }[]>('duplicates');
  const fresh = (found: string[]): string[] => found.filter((one) => !cell.told.has(one) && cell.told.add(one));
  return {
    duplicates: fresh(
      duplicates.map((one) => `${one.slot} generation ${one.generation}: ${one.instanceIds.join(', ')}`),
    ),
    scriptsTwice: fresh(cell.scriptsRunTwice()),
  };
}

/** What AWS has, against what was asked for. */
export async function compare(cluster: ChaosCluster, wanted: 'running' | 'stopped'): Promise<string[]> {
  const all = await cluster.cell.ask<InstanceEntry[]>('instances');
  const alive = all.filter((one) => one.tags['keelson:cluster'] === cluster.name && one.state !== 'terminated');
  const slots = slotTypes(cluster.shape);
  const wrong: string[] = [];
  for (const [slot, type] of slots) {
    const there = alive.filter((one) => one.tags['keelson:slot'] === slot);
    const [one] = there;
    if (there.length !== 1 || one === undefined) wrong.push(`${slot} has ${there.length} instances`);
    else if (one.state !== wanted || one.type !== type)
      wrong.push(`${slot} is ${one.state}, ${one.type}: not ${wanted}, ${type}`);
  }
  for (const one of alive)
    if (!slots.has(one.tags['keelson:slot'] ?? '')) wrong.push(`${one.id} has no place: ${one.tags['keelson:slot']}`);
  if (wanted === 'stopped') return wrong;
  for (const node of await cluster.observedNodes()) {
    if (node.ready !== 'True' || node.voter === 'False')
      wrong.push(`${node.name} is ready ${node.ready}, voter ${node.voter}`);
  }
  return wrong;
}

export async function leftoversOf(cell: ChaosCell, name: string): Promise<string[]> {
  const { total, ...left } = await cell.ask<Record<string, unknown>>(`leftovers?cluster=${name}`);
  return total === 0 ? [] : [JSON.stringify(left)];
}

/** What a drill has left: instances, their volumes, and groups beside the cluster's own two. */
export async function drillsLeft(cell: ChaosCell, name: string): Promise<string[]> {
  const { instances, securityGroups } = await cell.ask<{ instances: InstanceEntry[]; securityGroups: string[] }>(
    `leftovers?cluster=${name}`,
  );
  const machines = instances.filter(({ tags }) => tags['keelson:slot'] === 'drill').map(({ id }) => id);
  return [...machines, ...(securityGroups.length > OWN_GROUPS ? [`groups ${securityGroups.join(', ')}`] : [])];
}

const OWN_GROUPS = 2;

function slotTypes({ mode, agents, serverType }: Shape): Map<string, string> {
  const slots = new Map<string, string>();
  for (let index = 0; index < (mode === 'ha' ? 3 : 1); index++) slots.set(`server-${index}`, serverType);
  for (let index = 0; index < agents; index++) slots.set(`workers-${index}`, 't3.large');
  return slots;
}

/** The secret parts of what the bucket holds for the cluster: passwords of tokens, keys of the kubeconfig. */
export function secretsOf(cluster: ChaosCluster): string[] {
  const secrets: string[] = [];
  for (const bucket of cluster.cell.region.s3.buckets.all()) {
    for (const { key, body } of bucket.objects.values()) {
      if (!key.startsWith(`clusters/${cluster.name}/`) && !key.startsWith(`backups/${cluster.name}/`)) continue;
      const text = body.toString('utf8');
      if (key.endsWith('token')) secrets.push(text.trim().split(':').at(-1) ?? text.trim());
      const encoded = /client-key-data: (\S+)/.exec(text)?.[1];
      if (encoded !== undefined)
        secrets.push(encoded, Buffer.from(encoded, 'base64').toString('utf8').split('\n')[1] ?? encoded);
    }
  }
  return [...new Set(secrets.filter((secret) => secret.length >= 8))];
}

/** Where any of the secrets can be read: history, SSM's own record, the region's calls, the worker's log, the status. */
export async function whereSecretsShow(cluster: ChaosCluster, secrets: readonly string[]): Promise<string[]> {
  const { cell } = cluster;
  const places: Record<string, Buffer> = {
    'history of the workflow': await cluster.history(),
    'commands in SSM': await ssmRecord(cell),
    'calls to AWS': Buffer.from(JSON.stringify(cell.region.world.record.calls)),
    'log of the worker': existsSync(cell.logFile) ? readFileSync(cell.logFile) : Buffer.alloc(0),
  };
  return Object.entries(places).flatMap(([place, text]) =>
    secrets.some((secret) => text.includes(secret)) ? [place] : [],
  );
}

async function ssmRecord(cell: ChaosCell): Promise<Buffer> {
  const ssm = new SSMClient({
    endpoint: cell.region.url,
    region: 'eu-west-1',
    credentials: CREDENTIALS.admin,
    maxAttempts: 1,
  });
  try {
    const pages: object[] = [];
    for await (const { Commands } of paginateListCommands({ client: ssm }, {})) pages.push(Commands ?? []);
    for await (const { CommandInvocations } of paginateListCommandInvocations({ client: ssm }, { Details: true }))
      pages.push(CommandInvocations ?? []);
    return Buffer.from(JSON.stringify(pages));
  } finally {
    ssm.destroy();
  }
}
