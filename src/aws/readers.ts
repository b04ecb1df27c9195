import {
  type Instance,
  type InstanceStatus,
  paginateDescribeInstances,
  paginateDescribeSecurityGroups,
  type SecurityGroup,
  type Tag,
} from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand, type InstanceInformation } from '@aws-sdk/client-ssm';
import { classifyCode } from '../model/errors/index.js';
import { TAG } from '../model/tags.js';
import { BatchLoader } from './batch-loader.js';
import type { AwsClients } from './clients.js';
import { codeOf, hasCode, httpStatusOf } from './error-code.js';
import { allPages, chunks } from './pages.js';
import { RunningCommands } from './running-commands.js';
import { statusChecks } from './status-checks.js';
import { tagValue } from './tags.js';

export interface RegionReader {
  instance: BatchLoader<Instance>;
  agent: BatchLoader<InstanceInformation>;
  /** Commands that run on. */
  running: RunningCommands;
  /** Instances that are about to get a secret: their work waits for the answer. */
  proof: BatchLoader<Instance>;
  /** What carries the name of a cluster in an installation, by `namedKey`. */
  named: BatchLoader<Named>;
  /** Instances that carry the name of a cluster in an installation and are not terminated, by `namedKey`: hundreds of clusters may look at once. */
  living: BatchLoader<Instance[]>;
  /** Security groups, by id. */
  group: BatchLoader<SecurityGroup>;
  /** Status checks of running instances, by id. */
  checks: BatchLoader<InstanceStatus>;
}

export interface Named {
  /** Oldest first, terminated ones included. */
  instances: Instance[];
  groups: SecurityGroup[];
}

export const namedKey = (installation: string, cluster: string): string => `${installation} ${cluster}`;

/** Readers shared by all waits of this process, by region. */
export type Readers = (region: string) => RegionReader;

/** At most 100 ids, well below the 200 filter values that a call takes [docs: EC2 Using_Filtering]. */
const EC2_CHUNK = 100;
/** Of five hundred jobs that begin within seconds each would be a call, and EC2 takes 20 a second. [docs: EC2 API throttling] */
const PROOF_TICK_MS = 100;
/** One page of DescribeInstanceInformation holds at most 50 [docs: SSM]. */
const SSM_CHUNK = 50;

export function createReaders(clients: AwsClients, tick?: number): Readers {
  const regions = new Map<string, RegionReader>();
  const pace = { slowDown: isThrottled, ...(tick === undefined ? {} : { tick }) };
  return (region) => {
    let reader = regions.get(region);
    if (reader === undefined) {
      reader = {
        instance: new BatchLoader({ read: (ids) => readInstances(clients, region, ids), chunk: EC2_CHUNK, ...pace }),
        agent: new BatchLoader({ read: (ids) => readAgents(clients, region, ids), chunk: SSM_CHUNK, ...pace }),
        running: new RunningCommands({ ssm: clients.ssm(region), ...(tick !== undefined && { tick }) }),
        proof: new BatchLoader({
          read: (ids) => readInstances(clients, region, ids),
          chunk: EC2_CHUNK,
          ...pace,
          tick: Math.min(tick ?? PROOF_TICK_MS, PROOF_TICK_MS),
        }),
        named: new BatchLoader({
          read: (keys) => readNamed(clients, region, keys),
          chunk: EC2_CHUNK,
          ...pace,
        }),
        living: new BatchLoader({ read: (keys) => readLiving(clients, region, keys), chunk: EC2_CHUNK, ...pace }),
        group: new BatchLoader({ read: (ids) => readGroups(clients, region, ids), chunk: EC2_CHUNK, ...pace }),
        checks: new BatchLoader({ read: (ids) => statusChecks(clients.ec2(region), ids), chunk: EC2_CHUNK, ...pace }),
      };
      regions.set(region, reader);
    }
    return reader;
  };
}

/**
 * By filter, not by `InstanceIds`: there one id that EC2 does not know yet fails the call for all
 * [docs: EC2 eventual consistency].
 */
async function readInstances(clients: AwsClients, region: string, ids: string[]): Promise<Map<string, Instance>> {
  const pages = paginateDescribeInstances(
    { client: clients.ec2(region) },
    { Filters: [{ Name: 'instance-id', Values: ids }] },
  );
  const reservations = await allPages(pages, (page) => page.Reservations);
  const instances = reservations.flatMap((reservation) => reservation.Instances ?? []);
  return new Map(instances.map((instance) => [instance.InstanceId ?? '', instance]));
}

/** @param keys of one installation: a worker has no other */
async function readNamed(clients: AwsClients, region: string, keys: string[]): Promise<Map<string, Named>> {
  const ec2 = clients.ec2(region);
  const [[installation = ''] = []] = keys.map((key) => key.split(' '));
  const named = new Map(keys.map((key): [string, Named] => [key, { instances: [], groups: [] }]));
  const Filters = [
    { Name: `tag:${TAG.installation}`, Values: [installation] },
    { Name: `tag:${TAG.cluster}`, Values: keys.map((key) => key.split(' ')[1] ?? '') },
  ];
  const ofTags = (tags: Tag[] | undefined): Named | undefined =>
    named.get(namedKey(installation, tagValue(tags, TAG.cluster) ?? ''));
  const [reservations, groups] = await Promise.all([
    allPages(paginateDescribeInstances({ client: ec2, pageSize: 1_000 }, { Filters }), (page) => page.Reservations),
    allPages(paginateDescribeSecurityGroups({ client: ec2 }, { Filters }), (page) => page.SecurityGroups),
  ]);
  for (const one of reservations.flatMap(({ Instances = [] }) => Instances)) ofTags(one.Tags)?.instances.push(one);
  for (const one of groups) ofTags(one.Tags)?.groups.push(one);
  for (const { instances } of named.values())
    instances.sort((a, b) => (a.LaunchTime?.getTime() ?? 0) - (b.LaunchTime?.getTime() ?? 0));
  return named;
}

/** @param keys of one installation: a worker has no other */
async function readLiving(clients: AwsClients, region: string, keys: string[]): Promise<Map<string, Instance[]>> {
  const [[installation = ''] = []] = keys.map((key) => key.split(' '));
  const living = new Map(keys.map((key): [string, Instance[]] => [key, []]));
  const Filters = [
    { Name: `tag:${TAG.installation}`, Values: [installation] },
    { Name: `tag:${TAG.cluster}`, Values: keys.map((key) => key.split(' ')[1] ?? '') },
    { Name: 'instance-state-name', Values: ['pending', 'running', 'stopping', 'stopped', 'shutting-down'] },
  ];
  const pages = paginateDescribeInstances({ client: clients.ec2(region), pageSize: 1_000 }, { Filters });
  const reservations = await allPages(pages, (page) => page.Reservations);
  const found = reservations.flatMap(({ Instances = [] }) => Instances);
  found.sort((a, b) => (a.LaunchTime?.getTime() ?? 0) - (b.LaunchTime?.getTime() ?? 0));
  for (const one of found) living.get(namedKey(installation, tagValue(one.Tags, TAG.cluster) ?? ''))?.push(one);
  return living;
}

/** By filter, where one missing group does not fail the call for all. */
async function readGroups(clients: AwsClients, region: string, ids: string[]): Promise<Map<string, SecurityGroup>> {
  const Filters = [{ Name: 'group-id', Values: ids }];
  const pages = paginateDescribeSecurityGroups({ client: clients.ec2(region) }, { Filters });
  const groups = await allPages(pages, (page) => page.SecurityGroups);
  return new Map(groups.map((group) => [group.GroupId ?? '', group]));
}

async function readAgents(
  clients: AwsClients,
  region: string,
  ids: string[],
): Promise<Map<string, InstanceInformation>> {
  try {
    const page = await clients.ssm(region).send(
      new DescribeInstanceInformationCommand({
        Filters: [{ Key: 'InstanceIds', Values: ids }],
        MaxResults: SSM_CHUNK,
      }),
    );
    return new Map((page.InstanceInformationList ?? []).map((agent) => [agent.InstanceId ?? '', agent]));
  } catch (error) {
    if (!hasCode(error, 'InvalidInstanceId')) throw error;
    // One id that is no longer valid fails the call for all: halving finds it. [docs: SSM DescribeInstanceInformation]
    if (ids.length === 1) return new Map();
    const halves = chunks(ids, Math.ceil(ids.length / 2)).map((half) => readAgents(clients, region, half));
    return new Map((await Promise.all(halves)).flatMap((found) => [...found]));
  }
}

function isThrottled(error: unknown): boolean {
  return classifyCode(codeOf(error), httpStatusOf(error)).class === 'throttled';
}
