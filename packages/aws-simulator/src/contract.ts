/**
 * Contracts between the parts of the simulator. EC2 keeps the instances; the machine host boots them, runs their user data and their SSM
 * commands under a real bash; the world keeps the clock, the latencies and the record.
 */
import type { CallerName } from './credentials.js';

export type InstanceState = 'pending' | 'running' | 'shutting-down' | 'terminated' | 'stopping' | 'stopped';

export interface Instance {
  id: string;
  /** Account of the instance. */
  account: string;
  region: string;
  zone: string;
  type: string;
  architecture: 'x86_64' | 'arm64';
  imageId: string;
  subnetId: string;
  vpcId: string;
  privateIp: string;
  /** On Linux its own loopback address (127.x.y.z), so that kubectl reaches the node's API server at port 6443. */
  publicIp: string | null;
  securityGroupIds: string[];
  instanceProfile: string | null;
  userData: string;
  clientToken: string;
  tags: Record<string, string>;
  state: InstanceState;
  launchTime: string;
  /** Counts boots from 1; a new one each start and reboot. */
  boots: number;
}

/** One latency that the simulator imposed. The critical path is the longest chain of these. */
export interface Span {
  id: string;
  /** launch, boot, agent, deliver, download, found, join, promote, serve, ready, stop, start, terminate, ... */
  kind: string;
  instanceId: string | null;
  clusterUid: string | null;
  /** Milliseconds since the epoch. */
  startedAt: number;
  endedAt: number | null;
  /** Milliseconds imposed. */
  imposedMs: number;
  /** Spans that had to end before this one could start. */
  after: string[];
  /** It ends at a tick of a clock that began with another span, wherever between two ticks it began. */
  ticks?: Ticks;
  note?: string;
}

/** A ticker of the software: first `offsetMs + everyMs` after the begin of the span `of`, then every `everyMs`. */
export interface Ticks {
  of: string;
  offsetMs: number;
  everyMs: number;
}

export interface World {
  profile: Profile;
  port: number;
  /** Folder that holds all instances' folders: `<dir>/instances/<id>/`. */
  dir: string;
  instances: Map<string, Instance>;
  /** Waits `ms` and records the span. Rejects with an AbortError when the signal aborts. */
  impose(span: {
    kind: string;
    instanceId?: string;
    ms: number;
    after?: string[];
    ticks?: Ticks;
    note?: string;
    signal?: AbortSignal;
  }): Promise<Span>;
  /** Waits without a record. Rejects with an AbortError when the signal aborts. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  /** Returns the latest ended span of an instance by kind, for `after` links. */
  lastSpan(instanceId: string, ...kinds: string[]): Span | undefined;
  /** Adds a line to the record's log of events other than calls (a script run, a lease taken, a member promoted). */
  note(kind: string, data: Record<string, unknown>): void;
  /** Seeded: the same seed gives the same delays. */
  random(): number;
  fault(point: string, data: Record<string, unknown>): Fault | undefined;
  /** Returns whether the role of an instance allows its SSM agent an action. */
  agentMay(instance: Instance, action: string): Promise<boolean>;
}

/** Result of a fault plan for this moment; see packages/aws-simulator/src/faults.ts for plans. */
export interface Fault {
  error?: { code: string; status: number; message?: string };
  delayMs?: number;
  /** Aborted when the held call may continue. */
  held?: AbortSignal;
  /** The call runs but its answer never arrives. */
  loseAnswer?: boolean;
  /** The connection is cut before the call runs. */
  cut?: boolean;
  /** For points outside of calls: the effect, e.g. `no-boot`, `no-agent`. */
  effect?: string;
  data?: Record<string, unknown>;
}

/** Implemented in packages/aws-simulator/src/machine, called by packages/aws-simulator/src/ec2. */
export interface MachineHost {
  /** The instance has become running: OS boot, user data on the first boot, agent registration. Returns at once. */
  boot(instance: Instance): void;
  /** The operating system goes down: services and running scripts end. Resolves when it is down. */
  shutdown(instance: Instance): Promise<void>;
  /** Power is cut: everything on it ends without warning. */
  crash(instance: Instance): void;
  reboot(instance: Instance): Promise<void>;
  /** The instance is terminated: its folder goes away. */
  destroy(instance: Instance): Promise<void>;
  /** A data volume becomes a block device of the instance; absent for machines without block devices. */
  plug?(instance: Instance, volumeId: string): void;
  unplug?(instance: Instance, volumeId: string): void;
  /** A volume is deleted with its content. */
  erase?(volumeId: string): void;
  close(): Promise<void>;
}

/** Implemented in packages/aws-simulator/src/ssm and packages/aws-simulator/src/k3s; mounted by packages/aws-simulator/src/server. */
export interface HttpReply {
  status: number;
  headers?: Record<string, string>;
  body: string | Buffer;
}
export interface AwsCall {
  /** Owner of the signing key; `member` for an assumed role; null for a refused call without one. */
  caller: CallerName | 'member' | null;
  /** Account of the caller, in which EC2 and SSM act. */
  account: string;
  /** Name of the session of an assumed role. */
  session: string | null;
  service: 'ec2' | 'ssm' | 's3' | 'sqs' | 'sts' | 'sns' | 'eventbridge' | 'iam' | 'service-quotas';
  region: string;
  action: string;
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Record<string, string>;
  body: Buffer;
}

/** Milliseconds unless said otherwise; each value's source stands beside it in packages/aws-simulator/src/profiles.ts. */
export interface Profile {
  name: 'fast' | 'demo' | 'aws';
  /** Of any AWS API call. */
  call: number;
  runInstances: number;
  /** pending -> running. */
  launch: number;
  /** running -> user data starts. */
  boot: number;
  /** After boot: SSM agent registers. */
  agentRegistration: number;
  /** SendCommand -> script starts on the node. */
  delivery: number;
  /** Script ended -> invocation reports it. */
  report: number;
  /** K3s binary from the mirror. */
  download: number;
  /** Any server: service start -> its container runtime is there, and its promotion loop begins to tick. */
  runtime: number;
  /** First server: service start -> API answers, unit active. */
  found: number;
  /** Another server: service start -> it asks etcd to be admitted. */
  join: number;
  /** A server that is not admitted asks again after. */
  joinRetry: number;
  /** How long the voters must have been connected before etcd admits another member. */
  peerHealth: number;
  /** A learner has started -> etcd lets it vote if it is asked. */
  catchUp: number;
  /** The promotion loop of the leader ticks this often. */
  promotionCheck: number;
  /** A member whose announcement is lost makes another one after. */
  publishTimeout: number;
  /** A server that joins asks its etcd this often whether it votes. */
  datastoreTest: number;
  /** It votes and knows it -> its API answers, unit active. */
  serve: number;
  /** API answers -> node Ready. */
  ready: number;
  /** Agent: service start -> node registered, unit active. */
  agentJoin: number;
  /** Server that was a member before: service start -> Ready once there is a quorum. */
  rejoin: number;
  /** Graceful stop of the service. */
  serviceStop: number;
  drain: number;
  stop: number;
  /** stopped -> running. */
  start: number;
  terminate: number;
  /** CreateSnapshot -> completed. */
  snapshot: number;
  /** attaching -> attached, of a volume. */
  attach: number;
  /** Leader election after the leader is gone. */
  election: number;
  /** A dead node is shown NotReady after. */
  notReady: number;
  /** Something happens -> its event is in the queue. */
  event: number;
}
