import { type Instance, paginateDescribeInstances } from '@aws-sdk/client-ec2';
import { DescribeInstanceInformationCommand, type InstanceInformation } from '@aws-sdk/client-ssm';
import { classifyCode } from '../model/errors/index.js';
import { BatchLoader } from './batch-loader.js';
import type { AwsClients } from './clients.js';
import { codeOf, hasCode, httpStatusOf } from './error-code.js';
import { allPages, chunks } from './pages.js';
import { RunningCommands } from './running-commands.js';

export interface RegionReader {
  instance: BatchLoader<Instance>;
  agent: BatchLoader<InstanceInformation>;
  /** Commands that run on. */
  running: RunningCommands;
  /** Instances that are about to get a secret: their work waits for the answer. */
  proof: BatchLoader<Instance>;
}

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
