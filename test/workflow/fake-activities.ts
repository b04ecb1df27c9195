import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type {
  Activities,
  BackupInput,
  ErrorDetail,
  JobResult,
  LaunchBatchInput,
  LaunchInput,
  ObservedInstances,
  RunOnNodesInput,
  ServerDisk,
  TagBatchInput,
  WatchInput,
  WatchResult,
} from '#src/activities/api.js';
import { StatusHolds } from '#src/activities/status-holds.js';
import { statusIn } from '#src/activities/status-input.js';
import { slotsOfBatch } from '#src/model/launch-batch.js';
import type { InstanceObservation } from '#src/model/observation.js';
import { OUT_TO_ALL, ruleDifference, ruleKey } from '#src/model/security-groups/keys.js';
import type { WatchReport } from '#src/model/watch/report.js';
import type { Timed } from '#src/workflows/lib/result-time.js';

/** Of the real activities. [src/activities/attempt.ts] */
const BEAT_MS = 1_000;

/**
 * A fake of the activities, in memory: it stands where the workflow alone is tested and time is skipped, which real AWS calls
 * would not follow. What the activities really do is tested against the local region and moto, elsewhere.
 */
export class FakeActivities {
  readonly instances = new Map<string, InstanceObservation>();
  readonly jobs: RunOnNodesInput[] = [];
  readonly launches: LaunchInput[] = [];
  readonly batches: LaunchBatchInput[] = [];
  /** Of instances that were launched together. */
  readonly tagged: TagBatchInput['instances'] = [];
  readonly statuses: unknown[] = [];
  readonly backups: BackupInput[] = [];
  readonly calls: string[] = [];
  /** What the workflow releases: only tests whose writes hold the next one up take part. */
  readonly holds = new StatusHolds();
  /** Keys of the rules of security groups, by id. */
  readonly groups = new Map<string, string[]>();
  /** Root volumes and snapshots that outlive their instances. */
  readonly saved: string[] = [];
  /** What is left of the servers' disks. */
  disks: ServerDisk[] = [];
  /** Why the worker cannot read the mirror. */
  mirrorProblem: { url: string; reason: string } | null = null;
  /** What the image parameter holds now. */
  imageId = 'ami-1';
  /** The default VPC, and the zones of its subnets. */
  vpcId = 'vpc-1';
  zones = ['a', 'b', 'c'];
  /** Called before each activity; throws what should go wrong. */
  before: (name: keyof Activities, input: never) => Promise<void> = async () => undefined;
  /** Whether an activity says each second that it goes on, as the real ones do. One whose worker was killed does not. */
  beats: (name: keyof Activities) => boolean = () => true;
  /** Lets go of all that a test holds: a worker does not end while an activity hangs, and the test's own failure would not be told. */
  end: () => void = () => undefined;
  private readonly over = new Promise<void>((resolve) => {
    this.end = resolve;
  });
  /** What has become of an instance by the time of the answer; throws where there is none. */
  onBatch: (view: InstanceObservation) => 'launched' | 'ended' = ({ state }) =>
    state === 'terminated' ? 'ended' : 'launched';
  /** Answers a job instead of the default, which is that it went well. */
  onJob: (input: RunOnNodesInput) => Partial<JobResult> | null | Promise<Partial<JobResult> | null> = () => null;
  /** How much later than it is the claim says that it was made: it has waited for its turn. */
  claimLaterMs: number | null = null;
  /** The public key that a node reports with its result. */
  onKey: (input: RunOnNodesInput) => string | undefined = () => undefined;
  /** What EC2 and SSM say of an instance besides; `{}` is well. */
  onReconcile: (view: InstanceObservation) => Partial<InstanceObservation> = () => ({});
  /** What a node tells of itself when it is asked, besides that it is well. */
  onProbe: (view: InstanceObservation) => Record<string, string> = () => ({});
  /** What becomes of a region's watch. */
  onWatch: (input: WatchInput) => Promise<WatchResult> = async () => ({ ended: 'empty', digests: '', told: '' });
  /** What the clusters of a region that is not watched were told. */
  readonly reports: WatchReport[] = [];
  /** What an observation does not get to see besides the instances. */
  unseen: ObservedInstances['failures'] = [];
  /** Instances that carry the cluster's tags and prove nothing. */
  foreign: ObservedInstances['foreign'] = [];
  /** What Kubernetes says of nodes, by name: over or instead of what the fake would. */
  readonly kubernetes = new Map<string, string>();
  /** How the last founding of a cluster ended, by its uid. */
  private readonly foundings = new Map<string, 'done' | 'failed'>();
  private count = 0;

  readonly activities: Activities = {
    resolveLaunchConfig: this.wrap('resolveLaunchConfig', async ({ document, founding }) => ({
      launchConfig: {
        vpcId: this.vpcId,
        vpcCidr: '10.0.0.0/16',
        subnets: this.zones.map((zone, index) => ({
          id: document.spec.network.subnetIds?.[index] ?? `subnet-${zone}`,
          zone: `${document.spec.region}${zone}`,
          cidr: `10.0.${index}.0/24`,
        })),
        images: { amd64: { id: this.imageId, rootDeviceName: '/dev/xvda', createdAt: '2026-01-01T00:00:00.000Z' } },
        instanceTypes: Object.fromEntries(
          [document.spec.servers.instanceType, ...document.spec.pools.map((pool) => pool.instanceType)].map((type) => [
            type,
            { architecture: 'amd64' as const, zones: ['a', 'b', 'c'].map((zone) => `${document.spec.region}${zone}`) },
          ]),
        ),
        securityGroupIds: [],
      },
      userData: { amd64: { id: 'ud-1', text: '#!/bin/sh' } },
      ...(founding !== undefined && { founding: { amd64: { id: 'ud-2', text: `H4sI${founding.key}` } } }),
      mirrorProblem: this.mirrorProblem,
    })),
    ensureSecurityGroups: this.wrap('ensureSecurityGroups', async ({ rules }) => {
      const ids = { server: 'sg-server', agent: 'sg-agent' };
      const set = (of: 'server' | 'agent') => {
        const keys = rules
          .filter((rule) => rule.of === of)
          .map(({ source, ...ports }) =>
            ruleKey({ ...ports, source: 'group' in source ? ids[source.group] : source.cidr }),
          );
        const present = this.groups.get(ids[of]) ?? [OUT_TO_ALL];
        const wanted = [...new Set([...keys, OUT_TO_ALL])].sort();
        this.groups.set(ids[of], wanted);
        return { group: { id: ids[of], rules: wanted }, changed: ruleDifference(present, wanted) };
      };
      const server = set('server');
      const agent = rules.some(({ of }) => of === 'agent') ? set('agent') : null;
      return {
        groups: { server: server.group, agent: agent?.group ?? null },
        changed: { server: server.changed, agent: agent?.changed ?? { missing: [], extra: [] } },
      };
    }),
    ensureDrillGroup: this.wrap('ensureDrillGroup', async () => 'sg-drill'),
    observeSecurityGroups: this.wrap('observeSecurityGroups', async ({ groupIds }) =>
      groupIds.flatMap((id) => {
        const rules = this.groups.get(id);
        return rules === undefined ? [] : [{ id, rules }];
      }),
    ),
    launchInstance: this.wrap('launchInstance', async (input) => this.launch(input, 'alive')),
    launchInstances: this.wrap('launchInstances', async (input) => {
      this.batches.push(input);
      const views = slotsOfBatch(input.batch).map((slot) => this.launch({ ...input, slot, nodeName: slot }, 'ever'));
      return views.map((view) => (this.onBatch(view) === 'ended' ? null : view));
    }),
    awaitInstance: this.wrap('awaitInstance', async ({ instanceId }) => this.instance(instanceId)),
    findServerDisks: this.wrap('findServerDisks', async () => this.disks),
    findDataVolumes: this.wrap('findDataVolumes', async () => []),
    provideDataVolumes: this.wrap('provideDataVolumes', async ({ slot, volumes, known, instanceId }) =>
      volumes.map(({ name }) => ({
        name,
        id: known[name]?.id ?? `vol-${slot}-${name}`,
        zone: this.instance(instanceId).zone,
        origin: known[name] === undefined ? ('made' as const) : ('kept' as const),
      })),
    ),
    claimCluster: this.wrap('claimCluster', async ({ uid }) => this.lasted({ uid, generation: 1, found: null })),
    findCluster: this.wrap('findCluster', async () => null),
    observeInstances: this.wrap('observeInstances', async () => ({
      instances: [...this.instances.values()]
        .filter((one) => one.state !== 'terminated')
        .map((one) => ({ ...one, agent: 'online' as const, ...this.onReconcile(one) })),
      unlisted: [],
      failures: this.unseen,
      foreign: this.foreign,
    })),
    startInstances: this.wrap('startInstances', async ({ instanceIds }) =>
      this.set(instanceIds, { state: 'running', publicIp: `192.0.2.${100 + this.calls.length}` }),
    ),
    stopInstances: this.wrap('stopInstances', async ({ instanceIds }) =>
      this.set(instanceIds, { state: 'stopped', publicIp: null }),
    ),
    rebootInstances: this.wrap('rebootInstances', async () => undefined),
    modifyInstanceType: this.wrap('modifyInstanceType', async ({ instanceId, instanceType }) =>
      this.set([instanceId], { type: instanceType }),
    ),
    tagInstance: this.wrap('tagInstance', async ({ instanceId }) => {
      const { untagged: _, ...view } = this.instance(instanceId);
      this.instances.set(instanceId, view);
    }),
    tagInstances: this.wrap('tagInstances', async (input) => void this.tagged.push(...input.instances)),
    terminateInstances: this.wrap('terminateInstances', async ({ instanceIds }) =>
      this.set(instanceIds, { state: 'terminated' }),
    ),
    saveRootVolume: this.wrap('saveRootVolume', async ({ instanceId, how }) => {
      const saved =
        how === 'keep'
          ? ({ kind: 'volume', id: `vol-of-${instanceId}` } as const)
          : ({ kind: 'snapshot', id: `snap-of-${instanceId}` } as const);
      this.saved.push(saved.id);
      return saved;
    }),
    sweep: this.wrap('sweep', async () => ({ instances: [], volumes: [], snapshots: [], securityGroups: [] })),
    runOnNodes: this.wrap('runOnNodes', async (input) => {
      const isFound = await this.firstServer(input);
      const answer = isFound ? await this.onJob(input) : { outcome: 'done' as const, result: { waited: 'in-vain' } };
      if (input.script === 'bootstrap') this.foundings.set(input.uid, answer === null ? 'done' : 'failed');
      if (answer !== null)
        return input.instanceIds.map((instanceId) => ({
          instanceId,
          outcome: 'failed' as const,
          exitCode: 1,
          result: {},
          logTail: '',
          ...answer,
        }));
      this.jobs.push(input);
      if (input.script === 'remove-node') this.kubernetes.delete(input.params['NODE_NAME'] ?? '');
      if (input.script === 'probe') return input.instanceIds.map((id) => this.probe(id, input.params['ROLE'] ?? ''));
      const tells =
        ['verify', 'drain'].includes(input.script) ||
        (input.params['ROLE'] === 'server' && input.script !== 'bootstrap');
      const result = tells ? this.nodes() : {};
      const key = this.onKey(input);
      return input.instanceIds.map((instanceId) => ({
        ...(key !== undefined && { key }),
        instanceId,
        outcome: 'done' as const,
        exitCode: 0,
        result,
        logTail: '',
      }));
    }),
    writeStatus: this.wrap('writeStatus', async (input) => void this.statuses.push(statusIn(input))),
    ensureWatch: this.wrap('ensureWatch', async () => undefined),
    watchRegion: this.wrap('watchRegion', (input) => this.onWatch(input)),
    tellUnobserved: this.wrap('tellUnobserved', async ({ report }) => void this.reports.push(report)),
    findBackup: this.wrap('findBackup', async ({ id, uid }) => ({
      uid,
      id: id ?? '2026-03-01T12-00-00Z',
      at: '2026-03-01T12:00:00.000Z',
      k3s: 'v1.34.2+k3s1',
      sha256: 'f'.repeat(64),
      size: 1_000,
      compression: 'gzip' as const,
      marker: 'marker',
      objectCounts: {},
    })),
    saveBackup: this.wrap('saveBackup', async (input) => {
      this.backups.push(input);
      return { job: null, saved: { size: 1_000, node: 'node', removed: [] } };
    }),
    removeBackups: this.wrap('removeBackups', async () => ({ removed: 0 })),
    setInstanceGroups: this.wrap('setInstanceGroups', async ({ instanceId, groupIds }) => {
      if (this.instance(instanceId).state === 'terminated') return 'gone';
      this.set([instanceId], { groups: [...groupIds].sort() });
      return 'set';
    }),
    storeFiles: this.wrap('storeFiles', async ({ groups }) =>
      Object.fromEntries(Object.keys(groups).map((group) => [group, '0'.repeat(64)])),
    ),
    forget: this.wrap('forget', async () => ({ remaining: [] })),
  };

  /** A join that is sent before the first server is there waits on its node. @returns false when it waits in vain */
  private async firstServer({ script, uid, params }: RunOnNodesInput): Promise<boolean> {
    if (script !== 'join' || !('TOKEN_SINCE' in params)) return true;
    while (!this.foundings.has(uid)) await Context.current().sleep(10);
    return this.foundings.get(uid) === 'done';
  }

  /** As new, for the next test; what it is told to answer stays. */
  forget(): void {
    this.instances.clear();
    this.kubernetes.clear();
    this.groups.clear();
    for (const list of [
      this.jobs,
      this.launches,
      this.batches,
      this.tagged,
      this.statuses,
      this.backups,
      this.calls,
      this.saved,
    ])
      list.length = 0;
  }

  /** In the envelope in which a worker hands its results over, where the test says when. [src/worker/result-time.ts] */
  private lasted<T>(result: T): T {
    if (this.claimLaterMs === null) return result;
    return { resultAt: Date.now() + this.claimLaterMs, result } satisfies Timed as T;
  }

  private launch(input: LaunchInput, which: 'alive' | 'ever'): InstanceObservation {
    this.launches.push(input);
    const same = [...this.instances.values()].find(
      (one) =>
        one.slot === input.slot &&
        one.generation === input.generation &&
        (which === 'ever' || one.state !== 'terminated'),
    );
    if (same !== undefined) return same;
    this.count += 1;
    const view: InstanceObservation = {
      id: `i-${this.count}`,
      slot: input.slot,
      generation: input.generation,
      state: 'running',
      type: input.launch.instanceType,
      imageId: input.launch.imageId,
      architecture: 'amd64',
      subnetId: input.launch.subnetId,
      zone: `${input.region}${input.launch.subnetId.at(-1)}`,
      privateIp: `10.0.0.${this.count}`,
      publicIp: `192.0.2.${this.count}`,
      launchedAt: new Date().toISOString(),
      ...(input.launch.securityGroupIds.length > 0 && { groups: [...input.launch.securityGroupIds].sort() }),
    };
    this.instances.set(view.id, view);
    return view;
  }

  private instance(id: string): InstanceObservation {
    const view = this.instances.get(id);
    if (view === undefined)
      throw failed({ code: 'InvalidInstanceID.NotFound', class: 'not-found-yet', message: `no ${id}`, hint: '' });
    return view;
  }

  private set(ids: string[], change: Partial<InstanceObservation>): void {
    for (const id of ids) this.instances.set(id, { ...this.instance(id), ...change });
  }

  private probe(instanceId: string, role: string): JobResult {
    const version = this.jobs.findLast((job) => 'K3S_VERSION' in job.params)?.params['K3S_VERSION'] ?? 'none';
    // As the server has it: where time is skipped, this process lives long ago.
    const now = Context.current().info.currentAttemptScheduledTimestampMs;
    const well = {
      service: 'active',
      version,
      ...(role === 'server' && { readyz: 'ok', 'db-mib': '20', 'db-used-mib': '10' }),
      'disk-used-percent': '20',
      clock: String(Math.round(now / 1_000)),
      'cert-earliest': new Date(now + 365 * 86_400_000).toISOString(),
    };
    const result = { ...well, ...this.onProbe(this.instance(instanceId)) };
    return { instanceId, outcome: 'done', exitCode: 0, result, logTail: '' };
  }

  /** What Kubernetes knows of its nodes, as the scripts tell it. */
  nodes(): Record<string, string> {
    const started = new Map<string, string>();
    for (const job of this.jobs) {
      if (['bootstrap', 'join', 'service-start'].includes(job.script))
        started.set(job.params['NODE_NAME'] ?? '', job.params['ROLE'] ?? '');
      if (job.script === 'remove-node') started.delete(job.params['NODE_NAME'] ?? '');
      if (job.script === 'restore') {
        const kept = job.params['KEEP_NODES']?.split(' ') ?? [];
        for (const name of started.keys()) if (!kept.includes(name)) started.delete(name);
        started.set(job.params['NODE_NAME'] ?? '', 'server');
      }
    }
    const version = this.jobs.findLast((job) => 'K3S_VERSION' in job.params)?.params['K3S_VERSION'] ?? '';
    const nodes = new Map(
      [...started].map(([name, role]) => [name, `True,${role === 'server' ? 'True' : '-'},${version},true,10.0.0.1,-`]),
    );
    for (const [name, line] of this.kubernetes) nodes.set(name, line);
    return Object.fromEntries([...nodes].map(([name, line]) => [`node.${name}`, line]));
  }

  private wrap<K extends keyof Activities>(
    name: K,
    body: (input: Parameters<Activities[K]>[0]) => ReturnType<Activities[K]>,
  ): Activities[K] {
    const run = async (input: Parameters<Activities[K]>[0]): Promise<unknown> => {
      this.calls.push(name);
      const context = Context.current();
      const beat = setInterval(() => this.beats(name) && context.heartbeat(), BEAT_MS);
      try {
        await Promise.race([this.before(name, input as never), this.over]);
        return await body(input);
      } finally {
        clearInterval(beat);
      }
    };
    return run as Activities[K];
  }
}

/** A failure in the shape that the real activities throw. */
export const failed = (detail: ErrorDetail, nonRetryable = true): ApplicationFailure =>
  ApplicationFailure.create({ type: detail.class, message: detail.message, details: [detail], nonRetryable });
