/** A server with etcd data on its disk: it ignores cluster-init and server; the member list decides. [docs: ha-embedded] */
import type { World } from '../contract.js';
import { announce } from './announcement.js';
import type { KubeCluster } from './cluster.js';
import type { K3sConfig } from './config.js';
import type { MemberMark } from './disk.js';
import { fatal } from './exit.js';
import { connect } from './peer-health.js';
import { awaitVote, catchUp } from './promotion.js';
import type { Membership } from './running-server.js';
import { causes, info, type ServiceContext, spansOf } from './service-context.js';
import { parseToken } from './token.js';

/**
 * Waits for a quorum of started voters, then imposes `rejoin`. Where the start before was cut short, it has to wait for what that waited for, too, and etcd
 * has to know it again before it lets others in.
 */
export async function rejoin(
  context: ServiceContext,
  config: K3sConfig,
  mark: MemberMark,
  entered: (membership: Membership) => void,
  signal: AbortSignal,
): Promise<void> {
  const { machine, plane } = context;
  const { world } = plane;
  const cluster = plane.clusters.get(mark.clusterId);
  if (!cluster) throw fatal('etcd data on disk belongs to a cluster that this region does not know');
  const { etcd } = cluster;
  const token = config.token === null ? null : parseToken(config.token);
  if (token && token.password !== cluster.secrets.now.serverPassword) {
    throw fatal(
      'starting kubernetes: preparing server: bootstrap data already found and encrypted with different token',
    );
  }
  const member = etcd.members.find(({ id }) => id === mark.memberId);
  const mine = `${config.nodeName}=https://${config.nodeIp}:2380`;
  if (!member || member.nodeName !== config.nodeName || member.peerIp !== config.nodeIp) {
    const list = etcd.members.map(({ name, peerIp }) => `${name}=https://${peerIp}:2380`).join(',');
    throw fatal(`this server is a not a member of the etcd cluster. Found [${list}], expect: ${mine}`);
  }

  const startedAt = Date.now() + world.profile.runtime;
  member.loop = { startedAt, span: null };
  const isCutShort = !member.announced;
  etcd.start(member);
  entered({ cluster, member });
  const announced = announce(context, cluster, member, signal);
  // Awaited below; until then the process may end, and the wait with it.
  announced.catch(() => null);
  if (!etcd.hasQuorum) {
    info(context, 'Waiting for etcd: no leader, not enough members have started');
    await etcd.until(() => etcd.hasQuorum, signal);
  }
  const begun = isCutShort ? spansOf(world, machine.id, 'join', 'join-retry', 'promote') : [];
  const after = causes(context, ...bootsOf(world, cluster), ...begun);
  if (isCutShort) void connect(context, cluster, member, after, signal);
  const span = await world.impose({ kind: 'rejoin', instanceId: machine.id, ms: world.profile.rejoin, after, signal });
  // It is the whole cluster, as after a reset.
  if (etcd.members.length === 1) cluster.restoredSpan = span.id;
  member.loop.span = { of: span.id, offsetMs: startedAt - span.startedAt };
  if (member.learner) {
    if (!member.caughtUp) await catchUp(context, cluster, member, [span.id], signal);
    await awaitVote(context, cluster, member, signal);
  }
  await announced;
  await etcd.until(() => etcd.available, signal);
}

/** Returns the boots that made the quorum. */
function bootsOf(world: World, cluster: KubeCluster): (string | undefined)[] {
  return cluster.etcd.voters
    .filter(({ started }) => started)
    .map(({ instanceId }) => world.lastSpan(instanceId, 'boot')?.id);
}
