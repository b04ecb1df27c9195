/** A further server: admitted as a learner when there is no other, a voter when the leader's loop finds it caught up. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Span } from '../contract.js';
import { checkCritical, checkToken, PASSWORD_REJECTED } from './admission.js';
import { announce } from './announcement.js';
import type { KubeCluster } from './cluster.js';
import type { K3sConfig } from './config.js';
import { nodePassword, writeEtcdClient, writeMember } from './disk.js';
import type { Member } from './etcd.js';
import { fatal } from './exit.js';
import { newMember } from './new-member.js';
import { connect } from './peer-health.js';
import { awaitVote, catchUp } from './promotion.js';
import type { Membership } from './running-server.js';
import type { Loaded } from './secrets.js';
import { causes, info, type ServiceContext, warn } from './service-context.js';

/**
 * Imposes `join`, `promote`, `datastore-test` and `serve`, in that order: its API comes up only after its promotion and its announcement. A refusal
 * by K3s ends the process; systemd tries again.
 */
export async function joinServer(
  context: ServiceContext,
  config: K3sConfig,
  url: string,
  entered: (membership: Membership) => void,
  signal: AbortSignal,
): Promise<void> {
  const { machine, plane } = context;
  const { world } = plane;
  const { profile } = world;
  const startedAt = Date.now() + profile.runtime;
  const { cluster, critical, loaded } = reach(context, url);
  checkToken(loaded, config, url);
  checkCritical(loaded, critical, config);
  // A server that does not know of another token yet lets it in, and the datastore does not. [k3s source: pkg/cluster/storage.go]
  if (loaded.serverPassword !== cluster.secrets.now.serverPassword)
    throw fatal(
      'starting kubernetes: preparing server: bootstrap data already found and encrypted with different token',
    );
  if (!cluster.founding.embeddedEtcd) throw fatal('starting kubernetes: etcd is disabled on the server');
  checkName(cluster, config.nodeName);
  const password = nodePassword(machine);
  if (!cluster.acceptsPassword(config.nodeName, password)) {
    warn(context, PASSWORD_REJECTED);
    await cluster.etcd.until(() => cluster.acceptsPassword(config.nodeName, password), signal);
  }

  const after = causes(context, cluster.founding.foundSpan, cluster.restoredSpan);
  const join = await world.impose({ kind: 'join', instanceId: machine.id, ms: profile.join, after, signal });
  writeEtcdClient(machine);
  const member = newMember(plane, machine, config, {
    learner: true,
    started: false,
    since: 0,
    loop: { startedAt, span: { of: join.id, offsetMs: profile.runtime } },
  });
  const admitted = await admit(context, cluster, member, join, signal);
  // From now on its data is on the disk: a start after a crash comes back as this member.
  writeMember(machine, { clusterId: cluster.founding.id, memberId: member.id }, member.name);
  cluster.etcd.start(member);
  const learnsSince = Date.now();
  entered({ cluster, member });
  info(context, `Adding member ${member.name} as learner`);
  void connect(context, cluster, member, admitted, signal);
  const announced = announce(context, cluster, member, signal);
  // Awaited below; until then the process may end, and the wait with it.
  announced.catch(() => null);
  const promote = await catchUp(context, cluster, member, admitted, signal);
  await awaitVote(context, cluster, member, signal);
  await announced;

  const about = { instanceId: machine.id, signal };
  const test = await world.impose({
    ...about,
    kind: 'datastore-test',
    ms: profile.datastoreTest - ((Date.now() - learnsSince) % profile.datastoreTest),
    after: [promote.id],
    ticks: { of: promote.id, offsetMs: 0, everyMs: profile.datastoreTest },
  });
  await world.impose({ ...about, kind: 'serve', ms: profile.serve, after: [test.id] });
}

function reach(
  context: ServiceContext,
  url: string,
): { cluster: KubeCluster; critical: Record<string, string>; loaded: Loaded } {
  const supervisor = context.plane.supervisorAt(url, context.machine);
  if (!supervisor?.membership || !supervisor.critical || !supervisor.loaded) {
    throw fatal(
      `starting kubernetes: preparing server: failed to get CA certs: Get "${url}/cacerts": dial tcp: connect: connection refused`,
    );
  }
  return { cluster: supervisor.membership.cluster, critical: supervisor.critical, loaded: supervisor.loaded };
}

function checkName(cluster: KubeCluster, nodeName: string): void {
  if (cluster.memberOf(nodeName))
    throw fatal('etcd cluster join failed: duplicate node name found, please use a unique name for this node');
}

/**
 * Asks again every second while there is another learner or etcd is not healthy; any other refusal ends the process. [k3s: pkg/etcd, Start]
 *
 * @returns the spans that it has waited for: its own, or those of the member before it until the next time it asked
 */
async function admit(
  context: ServiceContext,
  cluster: KubeCluster,
  member: Member,
  join: Span,
  signal: AbortSignal,
): Promise<string[]> {
  const { world } = context.plane;
  for (let waited = false; ; waited = true) {
    checkName(cluster, member.nodeName);
    const refusal = cluster.etcd.admit(member);
    if (refusal === null) {
      const before = [cluster.lastPromotion, cluster.lastHealthy].flatMap((id) => id ?? []);
      if (!waited || before.length === 0) return [join.id];
      const ticks = { of: join.id, offsetMs: join.imposedMs, everyMs: world.profile.joinRetry };
      const about = { kind: 'join-retry', instanceId: context.machine.id, ms: 0, signal };
      return [(await world.impose({ ...about, after: [join.id, ...before], ticks })).id];
    }
    if (refusal === 'etcdserver: no leader') throw fatal(`etcd cluster join failed: ${refusal}`);
    if (!waited) info(context, `Waiting for other members to finish joining etcd cluster: ${refusal}`);
    await sleep(context.plane.world.profile.joinRetry, null, { signal, ref: false });
  }
}
