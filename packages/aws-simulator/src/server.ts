/** The local region: EC2, SSM, S3, SQS, STS, SNS, EventBridge, IAM, Service Quotas, a K3s mirror and the admin API, on one port, on loopback unless real hosts have to reach it. */
import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { type AdminDeps, serveAdmin } from './admin.js';
import { type OnCall, serveAws } from './aws.js';
import { callingInstance } from './caller.js';
import type { HttpReply, MachineHost, World } from './contract.js';
import { Ec2 } from './ec2/handle.js';
import { MEMBER_ACCOUNT_ID } from './ec2/network.js';
import { notificationsBus } from './eventbridge/buses.js';
import { handleEventBridge } from './eventbridge/handle.js';
import { EventBus } from './events/bus.js';
import { Hosts } from './hosts/hosts.js';
import { removeLeftHosts } from './hosts/ledger.js';
import { serveMetadata } from './hosts/metadata-service.js';
import type { HostSettings } from './hosts/settings.js';
import { listen, type Request } from './http.js';
import { handleIam } from './iam/handle.js';
import type { Iam } from './iam/iam.js';
import { ruleArn } from './iam/policies.js';
import { DEAD_LETTERS } from './iam/sqs-actions.js';
import { createIam } from './iam/stack.js';
import { standInBinary } from './k3s/binary.js';
import { handleNodeRequest } from './k3s/handle.js';
import { createMachineHost } from './machine/host.js';
import { serveMirror } from './mirror.js';
import { createPaperHost } from './paper/host.js';
import { PROFILES, type ProfileName } from './profiles.js';
import { Published } from './published.js';
import { S3 } from './s3/handle.js';
import { handleServiceQuotas } from './service-quotas/handle.js';
import { handleSns } from './sns/handle.js';
import { notificationsTopic, Topics } from './sns/topics.js';
import { Sqs } from './sqs/handle.js';
import { handleSsm } from './ssm/handle.js';
import { handleSts } from './sts/handle.js';
import { Sessions } from './sts/sessions.js';
import { LocalWorld } from './world.js';

export const NODE_KINDS = ['folders', 'paper'] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

export interface RegionOptions {
  /** 0, the default, for any that is free. */
  port?: number;
  /** Holds the instances' folders. Made if it isn't there. */
  dir: string;
  profile?: ProfileName;
  /** Of the latencies' jitter. */
  seed?: number;
  /** Regions side by side; the bucket is in the first. */
  regions?: string[];
  /** Other accounts, each with the role of deploy/aws/member-account.yaml and regions of its own. */
  members?: string[];
  /** The bucket that exists from the start; by default KEELSON_BUCKET or `keelson-local`. */
  bucket?: string;
  /** Key that encrypts the bucket (SSE-KMS), as the parameter of deploy/aws; by default S3's own. */
  kmsKeyArn?: string;
  /** File to which the record is also appended, as lines of JSON. */
  persistFile?: string;
  onCall?: OnCall;
  /** Instances are hosts that a command makes, not folders; the region listens where they reach it. See hosts/README.md. */
  hosts?: HostSettings | null;
  /** What an instance is where it is not a host: a folder that runs scripts (the default), or one whose scripts are answered by rule. See paper/README.md. */
  nodes?: NodeKind;
  /** Makes the machines; for tests that need none. */
  createHost?: (world: World) => MachineHost;
}

export interface Region {
  url: string;
  /** Of the queue that all events come to. */
  queueUrl: string;
  /** Of what no reader could handle in three attempts. */
  deadLettersUrl: string;
  /** Of the topic and of the event bus that the worker may tell. */
  topicArn: string;
  eventBusArn: string;
  /** What was told to topics and buses. */
  published: Published;
  world: LocalWorld;
  ec2: Ec2;
  s3: S3;
  iam: Iam;
  /** What STS has given out. */
  sessions: Sessions;
  close(): Promise<void>;
}

const REGIONS = ['eu-west-1', 'us-east-1'];
/** The queue that exists from the start, in the bucket's region; events of all regions come to it. */
const QUEUE = 'keelson-events';

/** Starts the region and resolves when it answers. */
export async function startRegion(options: RegionOptions): Promise<Region> {
  const dir = resolve(options.dir);
  mkdirSync(dir, { recursive: true });
  const profile = PROFILES[options.profile ?? 'fast'];
  const hosts = options.hosts ?? null;
  if (hosts !== null) await removeLeftHosts(hosts.command, dir);
  // Hosts lie in one network, and so in one region.
  const regions = options.regions ?? (hosts === null ? REGIONS : REGIONS.slice(0, 1));
  let route: (request: Request) => Promise<HttpReply | null> = () => Promise.resolve(null);
  // The port first: instances' addresses and the stand-ins' way back depend on it.
  const address = hosts?.address ?? '127.0.0.1';
  const listener = await listen(options.port ?? 0, (request) => route(request), address);
  const { port } = listener;
  const world = new LocalWorld({ dir, port, profile, seed: options.seed ?? 1, persistFile: options.persistFile });
  const createFolders = options.nodes === 'paper' ? createPaperHost : createMachineHost;
  const createHost = hosts === null ? createFolders : () => new Hosts(world, hosts.command);
  const host = (options.createHost ?? createHost)(world);
  const metadata =
    host instanceof Hosts && hosts?.metadata ? await serveMetadata(() => host.all(), hosts.metadata) : null;
  const bucket = options.bucket ?? process.env['KEELSON_BUCKET'] ?? 'keelson-local';
  const homeRegion = regions[0] ?? 'eu-west-1';
  const members = options.members ?? [MEMBER_ACCOUNT_ID];
  const bus = new EventBus(world, (rule) => iam.ruleMaySend(ruleArn(homeRegion, rule), homeRegion));
  const ec2 = new Ec2(world, host, regions, bus, hosts, members);
  const sessions = new Sessions();
  const s3 = new S3(bus, (call, of) => iam.mayList(call, of));
  s3.buckets.create(bucket, homeRegion, options.kmsKeyArn ?? null);
  const url = `http://${address}:${port}`;
  const sqs = new Sqs(world, url);
  // As RedrivePolicy of deploy/aws/keelson.yaml says.
  const redrive = { to: sqs.create(homeRegion, `${QUEUE}${DEAD_LETTERS}`), most: 3 };
  const queue = sqs.create(homeRegion, QUEUE, redrive);
  bus.deliverTo(queue);
  const iam: Iam = createIam({ ...options, bucket, homeRegion, queueUrl: queue.url }, { ec2, s3 });
  world.agentMay = (instance, action) => iam.nodeMay(instance, action);
  const [topicArn, eventBusArn] = [notificationsTopic(homeRegion), notificationsBus(homeRegion)];
  const published = new Published();
  const notify = { topicArn, eventBusArn };
  const about = {
    url,
    profile: profile.name,
    regions,
    bucket,
    queueUrl: queue.url,
    mirror: `${url}/_mirror`,
    ...notify,
  };
  const services = {
    ec2: ec2.handle.bind(ec2),
    ssm: handleSsm.bind(null, world, host, (call, id) => iam.mayCommand(call, id)),
    s3: s3.handle.bind(s3),
    sqs: sqs.handle.bind(sqs),
    sts: handleSts.bind(null, sessions, (call, request) => iam.refusalToAssume(call, request, members)),
    sns: handleSns.bind(null, new Topics(homeRegion), published),
    eventbridge: handleEventBridge.bind(null, eventBusArn, published),
    iam: handleIam.bind(null, world, iam),
    serviceQuotas: handleServiceQuotas.bind(null, world),
  };
  const front = { world, regions: new Set(regions), sessions, services, iam, onCall: options.onCall };
  route = routes({ world, host, ec2, s3, iam, published, about }, (request) => serveAws(front, request));
  return {
    url,
    queueUrl: queue.url,
    deadLettersUrl: redrive.to.url,
    ...notify,
    published,
    world,
    ec2,
    s3,
    iam,
    sessions,
    close: async () => {
      world.close();
      await listener.close();
      await host.close();
      await metadata?.close();
    },
  };
}

/** A bucket's name cannot begin with an underscore, so these paths are never S3's. */
function routes(admin: AdminDeps, aws: (request: Request) => Promise<HttpReply | null>) {
  const { world, host } = admin;
  return (request: Request): Promise<HttpReply | null> => {
    const { method, rawPath: path, body, callerPort } = request;
    if (path.startsWith('/_node/')) return handleNodeRequest(world, host, method, path, body);
    if (path.startsWith('/_region')) return Promise.resolve(serveAdmin(admin, request));
    if (path.startsWith('/_mirror/')) {
      return serveMirror(world, standInBinary, method, path, () => callingInstance(world.dir, callerPort, world.port));
    }
    return aws(request);
  };
}
