import {
  type EC2Client,
  type Filter,
  type InstanceStateName,
  paginateDescribeInstanceStatus,
  paginateDescribeInstances,
  paginateDescribeSecurityGroups,
} from '@aws-sdk/client-ec2';
import { paginateDescribeInstanceInformation } from '@aws-sdk/client-ssm';
import type { AwsClients } from '../../aws/clients.js';
import { toFailure } from '../../aws/failure.js';
import { chunks } from '../../aws/pages.js';
import type { StatusCheck } from '../../model/observation.js';
import { TAG } from '../../model/tags.js';
import { type KnownGroup, knownGroup } from './known-groups.js';
import { type KnownInstance, knownInstance } from './known-instances.js';

/** A filter takes so many values. [docs: EC2 Using_Filtering] */
const MOST_VALUES = 200;

/** The lists of a region that one round of the watch asks for, and how many calls they take. */
export class RegionLists {
  calls = 0;
  readonly #ec2: EC2Client;

  constructor(
    private readonly clients: AwsClients,
    private readonly region: string,
    private readonly installation: string,
    private readonly signal: AbortSignal,
  ) {
    this.#ec2 = clients.ec2(region);
  }

  /** The installation's instances in these states, a thousand a page. @param clusters all if absent */
  async instances(states: readonly InstanceStateName[], clusters?: ReadonlySet<string>): Promise<KnownInstance[]> {
    const isInState = { Name: 'instance-state-name', Values: [...states] };
    return this.#inParts(clusters, 'DescribeInstances by tag', async (filters, all: KnownInstance[]) => {
      const input = { Filters: [...filters, isInState] };
      const pages = paginateDescribeInstances({ client: this.#ec2, pageSize: 1_000 }, input, this.#abort);
      for await (const page of pages) {
        this.calls += 1;
        for (const reservation of page.Reservations ?? [])
          all.push(...(reservation.Instances ?? []).map(knownInstance));
      }
    });
  }

  /** The installation's security groups with their rules; a thousand a page, as EC2 allows. @param clusters all if absent */
  async groups(clusters?: ReadonlySet<string>): Promise<KnownGroup[]> {
    return this.#inParts(clusters, 'DescribeSecurityGroups by tag', async (Filters, all: KnownGroup[]) => {
      const pages = paginateDescribeSecurityGroups({ client: this.#ec2, pageSize: 1_000 }, { Filters }, this.#abort);
      for await (const page of pages) {
        this.calls += 1;
        all.push(...(page.SecurityGroups ?? []).map(knownGroup));
      }
    });
  }

  /**
   * Filters of one call add up, and either check may fail: so two calls. They know no tags and list all failing instances of the account,
   * which are few. The cluster handles the check of EBS volumes: a node whose volume fails is not Ready.
   */
  async failing(): Promise<Map<string, StatusCheck[]>> {
    const lists = (['system', 'instance'] as const).map((check) => {
      const Filters = [{ Name: `${check}-status.status`, Values: ['impaired'] }];
      const what = `DescribeInstanceStatus by ${check}-status.status`;
      return this.#counted<[string, StatusCheck]>(what, async (all) => {
        for await (const page of paginateDescribeInstanceStatus({ client: this.#ec2 }, { Filters }, this.#abort)) {
          this.calls += 1;
          for (const { InstanceId: id } of page.InstanceStatuses ?? []) if (id !== undefined) all.push([id, check]);
        }
      });
    });
    const failing = new Map<string, StatusCheck[]>();
    for (const [id, check] of (await Promise.all(lists)).flat()) failing.set(id, [...(failing.get(id) ?? []), check]);
    return failing;
  }

  /**
   * Lists agents that SSM knows and does not hear: all of the account's, because SSM refuses a second tag filter [docs: SSM
   * DescribeInstanceInformation; `Cannot mix tag or inventory filter with any other filter`, danmx/sigil#61]. SSM leaves out stopped and
   * terminated instances, so that there are few. The launching step waits for an agent that never registered.
   */
  async lostAgents(): Promise<Set<string>> {
    // One value: ResourceType is refused with two [boto3#3027]. `Inactive` is deprecated [docs].
    const Filters = [{ Key: 'PingStatus', Values: ['ConnectionLost'] }];
    const client = this.clients.ssm(this.region);
    const lost = await this.#counted<string>('DescribeInstanceInformation', async (all) => {
      for await (const page of paginateDescribeInstanceInformation(
        { client, pageSize: 50 },
        { Filters },
        this.#abort,
      )) {
        this.calls += 1;
        all.push(...(page.InstanceInformationList ?? []).flatMap((one) => one.InstanceId ?? []));
      }
    });
    return new Set(lost);
  }

  get #abort(): { abortSignal: AbortSignal } {
    return { abortSignal: this.signal };
  }

  /** The same for each part of the clusters that fits a filter. */
  async #inParts<T>(
    clusters: ReadonlySet<string> | undefined,
    attempted: string,
    read: (filters: Filter[], all: T[]) => Promise<void>,
  ): Promise<T[]> {
    const own = { Name: `tag:${TAG.installation}`, Values: [this.installation] };
    if (clusters === undefined) return this.#counted<T>(attempted, (all) => read([own], all));
    const parts = chunks([...clusters], MOST_VALUES).map((Values) =>
      this.#counted<T>(attempted, (all) => read([own, { Name: `tag:${TAG.cluster}`, Values }], all)),
    );
    return (await Promise.all(parts)).flat();
  }

  async #counted<T>(attempted: string, read: (all: T[]) => Promise<void>): Promise<T[]> {
    const all: T[] = [];
    try {
      await read(all);
      return all;
    } catch (error) {
      if (this.signal.aborted) throw error;
      // The refused call counts as one.
      this.calls += 1;
      throw toFailure(error, attempted);
    }
  }
}
