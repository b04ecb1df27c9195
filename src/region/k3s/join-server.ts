/** A further server: admitted as a learner when no other is, a voter when the leader's check finds it caught up. */
import { checkCritical, checkToken, PASSWORD_REJECTED } from './admission.js';
import type { KubeCluster } from './cluster.js';
import type { K3sConfig } from './config.js';
import { nodePassword, writeMember } from './disk.js';
import type { Member } from './etcd.js';
import { fatal } from './exit.js';
import { awaitPromotion, evictWhenStalled } from './promotion.js';
import { causes, info, type Membership, registerNode, type ServiceContext, warn } from './service-context.js';

/** Imposes `join` and `promote`. What K3s refuses ends the process, as there; systemd tries again. */
export async function joinServer(
  context: ServiceContext,
  config: K3sConfig,
  url: string,
  entered: (membership: Membership) => void,
  signal: AbortSignal,
): Promise<void> {
  const { machine, plane } = context;
  const clock = Date.now();
  const { cluster, critical } = reach(context, url);
  checkToken(cluster, config, url);
  checkCritical(cluster, critical, config);
  if (!cluster.founding.embeddedEtcd) throw fatal('starting kubernetes: etcd is disabled on the server');
  if (cluster.memberOf(config.nodeName)) {
    throw fatal('duplicate node name found, please use a unique name for this node');
  }
  const password = nodePassword(machine);
  if (!cluster.acceptsPassword(config.nodeName, password)) {
    warn(context, PASSWORD_REJECTED);
    await cluster.etcd.until(() => cluster.acceptsPassword(config.nodeName, password), signal);
  }

  const member: Member = {
    id: plane.newId(),
    name: `${config.nodeName}-${plane.newId().slice(0, 8)}`,
    nodeName: config.nodeName,
    instanceId: machine.id,
    peerIp: config.nodeIp,
    learner: true,
    started: false,
    clock,
  };
  const waited = await admit(context, cluster, member, signal);
  evictWhenStalled(cluster, member, plane.world.profile.promotionCheck, signal);
  // From here its data is on the disk: a start after a crash comes back as this member.
  writeMember(machine, { clusterId: cluster.founding.id, memberId: member.id }, member.name);
  const after = causes(context, cluster.founding.foundSpan, waited ? cluster.lastPromotion : null);
  const ms = plane.world.profile.join;
  const span = await plane.world.impose({ kind: 'join', instanceId: machine.id, ms, after, signal });
  cluster.etcd.start(member, clock);
  entered({ cluster, member });
  registerNode(context, config, cluster);
  info(context, `Adding member ${member.name} as learner`);
  await awaitPromotion(context, cluster, member, span.id, signal);
}

function reach(context: ServiceContext, url: string): { cluster: KubeCluster; critical: Record<string, string> } {
  const supervisor = context.plane.supervisorAt(url, context.machine);
  if (!supervisor?.membership || !supervisor.critical) {
    throw fatal(
      `starting kubernetes: preparing server: failed to get CA certs: Get "${url}/cacerts": dial tcp: connect: connection refused`,
    );
  }
  return { cluster: supervisor.membership.cluster, critical: supervisor.critical };
}

/** @returns whether another learner had to be promoted first. */
async function admit(
  context: ServiceContext,
  cluster: KubeCluster,
  member: Member,
  signal: AbortSignal,
): Promise<boolean> {
  const { etcd } = cluster;
  let waited = false;
  for (;;) {
    const refusal = etcd.admit(member);
    if (refusal === null) return waited;
    if (refusal !== 'too many learner members in cluster') throw fatal(`failed to add member: ${refusal}`);
    waited = true;
    info(context, `Waiting to join: etcdserver: ${refusal}`);
    await etcd.until(() => etcd.members.every(({ learner }) => !learner), signal);
  }
}
