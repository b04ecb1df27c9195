import type { CallEntry } from '../../../packages/aws-simulator/src/record.js';

/**
 * A moment at which a worker can die: before or after one AWS call. The same call of two runs has the same name, whatever
 * ids it carries, so that boundaries of a recorded run are met again: `ssm.SendCommand install-server-0 #1`.
 */
export interface Boundary {
  /** Name without the count. */
  call: string;
  /** Name with the count of such calls in the operation, from 1. */
  id: string;
  count: number;
  /** Changes something at AWS: its repetition is what must not do it twice. */
  writes: boolean;
}

const WRITES = /^(Run|Start|Stop|Terminate|Modify|Create|Delete|Authorize|Revoke|Send|Put|Reboot|Cancel)/;
/** What nodes fetch and upload by presigned URL, and what people read; every other call is a worker's. */
const OTHERS =
  /^(Get|Put)Object \S*(\/(k3s-server-token|k3s-agent-token|kubeconfig)|\.(snapshot|token|agent-token))$|^GetObject \S*\/status\.yaml$/;

/** Names the calls of one region, whose instances all are of one cluster at a time. */
export class Boundaries {
  private counts = new Map<string, number>();
  private events = false;
  private readonly jobs = new Map<string, string>();

  constructor(private readonly tagsOf: (instanceId: string) => Record<string, string> | undefined) {}

  /** Counts begin again with each operation. @param events whether what becomes of messages of the queue counts */
  reset(events = false): void {
    this.events = events;
    this.counts = new Map();
  }

  /** @returns null for a call that is no worker's, or of the region watch. */
  of(entry: CallEntry): Boundary | null {
    const { service, action, params } = entry;
    if (isWatch(entry) && !(this.events && action === 'DeleteMessage')) return null;
    if (service === 's3' && OTHERS.test(`${action} /${params['key'] ?? ''}`)) return null;
    const call = `${service}.${action} ${this.what(entry)}`.trim();
    const count = (this.counts.get(call) ?? 0) + 1;
    this.counts.set(call, count);
    return { call, id: `${call} #${count}`, count, writes: WRITES.test(action) };
  }

  private what({ service, action, params, instanceIds }: CallEntry): string {
    // A backup is named by its time, which is another one in each run.
    if (service === 's3')
      return (
        params['key']
          ?.split('/')
          .at(-1)
          ?.replace(/^\d{4}-[\dTZ-]+/, 'backup') ?? ''
      );
    if (action === 'RunInstances')
      return [tagged(params, 'keelson:slot'), params['DryRun'] && 'dry run'].filter(Boolean).join(' ');
    if (action === 'SendCommand') {
      const job = jobOf(params['Comment'] ?? '');
      for (const id of instanceIds) this.jobs.set(id, job);
      return job;
    }
    if (action === 'GetCommandInvocation') return this.jobs.get(instanceIds[0] ?? '') ?? '';
    const filters = filtersOf(params);
    const ids = [...instanceIds, ...(filters.get('instance-id') ?? [])];
    if (ids.length > 0) return ids.length > 1 ? 'several' : (this.tagsOf(ids[0] ?? '')?.['keelson:slot'] ?? '');
    return [...(filters.get('tag:keelson:slot') ?? [...filters.keys()].sort())].join(' ');
  }
}

/** The region watch looks by the clock: its calls fall anywhere between those of an operation, and SQS waits beside all of them. */
function isWatch({ service, action, params }: CallEntry): boolean {
  if (service === 'sqs' || action === 'ListCommands') return true;
  // A look of a cluster asks for its own instances.
  if (action === 'DescribeInstanceStatus') return params['InstanceId.1'] === undefined;
  if (params['Comment'] === 'keelson pulse') return true;
  return action === 'DescribeInstanceInformation'
    ? (params['Filters'] ?? '').includes('PingStatus')
    : action === 'DescribeInstances' && isOfAllClusters(filtersOf(params));
}

/** The watch lists what the installation has, whatever its cluster. */
const isOfAllClusters = (filters: Map<string, string[]>): boolean =>
  filters.has('tag:keelson:installation') && !filters.has('tag:keelson:cluster');

/** `shop-0a1b2c3d-install-server-0-7` is the job `install-server-0`. */
function jobOf(comment: string): string {
  return /-[0-9a-f]{8}-(.+)-\d+$/.exec(comment)?.[1] ?? comment;
}

function tagged(params: Record<string, string>, key: string): string {
  const name = Object.keys(params).find((one) => one.endsWith('.Key') && params[one] === key);
  return name === undefined ? '' : (params[name.replace(/Key$/, 'Value')] ?? '');
}

function filtersOf(params: Record<string, string>): Map<string, string[]> {
  const filters = new Map<string, string[]>();
  for (const [name, value] of Object.entries(params)) {
    const prefix = /^(Filter\.\d+)\.Name$/.exec(name)?.[1];
    if (prefix === undefined) continue;
    filters.set(
      value,
      Object.keys(params).flatMap((one) => (one.startsWith(`${prefix}.Value.`) ? (params[one] ?? []) : [])),
    );
  }
  return filters;
}
