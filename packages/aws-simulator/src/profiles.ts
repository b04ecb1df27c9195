/**
 * Durations. `fast` is for tests, `demo` for people who watch, `aws` is as near to AWS as we know: each measured or documented value names
 * its source; all others are marked as assumptions and were not measured.
 */
import type { Profile } from './contract.js';

export type ProfileName = Profile['name'];

const fast: Profile = {
  name: 'fast',
  call: 0,
  runInstances: 2,
  launch: 10,
  boot: 5,
  agentRegistration: 5,
  delivery: 2,
  report: 2,
  download: 2,
  runtime: 2,
  found: 10,
  join: 3,
  joinRetry: 2,
  peerHealth: 3,
  catchUp: 3,
  promotionCheck: 20,
  publishTimeout: 20,
  datastoreTest: 3,
  serve: 3,
  ready: 3,
  agentJoin: 5,
  rejoin: 10,
  serviceStop: 5,
  drain: 5,
  stop: 10,
  start: 10,
  terminate: 10,
  snapshot: 50,
  attach: 10,
  election: 10,
  notReady: 60,
  event: 2,
};

/** An HA create in about 20 s: the proportions of `aws`, shortened. */
const demo: Profile = {
  name: 'demo',
  call: 10,
  runInstances: 300,
  launch: 2_000,
  boot: 1_500,
  agentRegistration: 1_500,
  delivery: 200,
  report: 200,
  download: 1_500,
  runtime: 600,
  found: 2_400,
  join: 800,
  joinRetry: 200,
  peerHealth: 800,
  catchUp: 200,
  promotionCheck: 2_500,
  publishTimeout: 2_500,
  datastoreTest: 800,
  serve: 500,
  ready: 600,
  agentJoin: 900,
  rejoin: 2_000,
  serviceStop: 300,
  drain: 800,
  stop: 2_000,
  start: 2_000,
  terminate: 2_000,
  snapshot: 3_000,
  attach: 300,
  election: 800,
  notReady: 5_000,
  event: 300,
};

const aws: Profile = {
  name: 'aws',
  // Assumption: a describe from within the region.
  call: 80,
  // Assumption: RunInstances answers in one to two seconds.
  runInstances: 1_500,
  // Assumption: `running` is seen 5 to 15 s after the launch.
  launch: 10_000,
  // Assumption: Amazon Linux 2023 from power-on to cloud-init's user scripts.
  boot: 12_000,
  // "Usually takes under 2 minutes after boot" [docs: SSM]; in a healthy subnet assumed to be far less.
  agentRegistration: 8_000,
  // Assumption: the agent holds a long poll, so a command arrives within about a second.
  delivery: 1_000,
  // Assumption: as delivery.
  report: 1_000,
  // Assumption: 70 MB of binary at about 15 MB/s.
  download: 5_000,
  // Assumption: containerd is up and has unpacked what K3s brings along.
  runtime: 3_000,
  // Assumption: certificates, etcd and its first test after 5 s, API server.
  found: 12_000,
  // Assumption: as runtime; a server that joins asks for admission when its container runtime is there [k3s: pkg/etcd, Start].
  join: 3_000,
  // [k3s: pkg/etcd, Start]
  joinRetry: 1_000,
  // etcd calls a cluster unhealthy in which a voter was not connected for that long [etcd: HealthInterval].
  peerHealth: 5_000,
  // Assumption: a young database of some MiB is sent and applied within a second; etcd in real hosts lets a learner vote at the first or second question, 0.25 s apart.
  catchUp: 1_000,
  // [k3s: pkg/etcd, manageTickerTime; #4335]
  promotionCheck: 15_000,
  // 5 s and twice the election time-out, which K3s sets to 5 s [etcd: ReqTimeout; measured, docs/adr/0089].
  publishTimeout: 15_000,
  // [k3s: pkg/executor/embed, ETCD]
  datastoreTest: 5_000,
  // Measured on real etcd and kube-apiserver: join and serve take 4 s together, without containers; the half of it.
  serve: 2_000,
  // Assumption: the kubelet registers and finds its network configured.
  ready: 3_000,
  // Assumption: no etcd to join, otherwise like a server.
  agentJoin: 4_000,
  // Measured: three servers started together at their old addresses are Ready in 6 to 8 s.
  rejoin: 7_000,
  // Assumption: the unit ends on SIGTERM without waiting for containers.
  serviceStop: 2_000,
  // Assumption: evictions with the default grace of 30 s, most pods ending sooner.
  drain: 15_000,
  // Assumption: StopInstances to `stopped`, after the operating system has gone down.
  stop: 25_000,
  // Assumption: as launch.
  start: 10_000,
  // Assumption: TerminateInstances to `terminated`, after the operating system has gone down.
  terminate: 25_000,
  // Assumption: the first snapshot of a root volume of a few GiB takes minutes.
  snapshot: 180_000,
  // Assumption: volumes are attached within seconds.
  attach: 3_000,
  // "After losing the leader wait out an election (~7 s)" [k3s #13498, #12908].
  election: 7_000,
  // Measured: a dead node is shown NotReady after about 51 s.
  notReady: 51_000,
  // Assumption: EC2 and S3 reach EventBridge, and that the queue, within some seconds.
  event: 2_000,
};

export const PROFILES: Readonly<Record<ProfileName, Profile>> = { fast, demo, aws };

/** Latencies are spread evenly by this share to both sides. */
export const JITTER: Readonly<Record<ProfileName, number>> = { fast: 0, demo: 0.1, aws: 0.15 };

/** These follow a clock or a time-out of the software and don't scatter. */
export const STEADY: ReadonlySet<string> = new Set([
  'peer-health',
  'join-retry',
  'datastore-test',
  'election',
  'not-ready',
  'notReady',
]);
