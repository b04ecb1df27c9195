/** The first server: with cluster-init it makes its own cluster. */
import { randomBytes } from 'node:crypto';
import { createClusterCa } from './ca.js';
import { KubeCluster } from './cluster.js';
import type { K3sConfig } from './config.js';
import { writeMember, writeTokens } from './disk.js';
import { fatal } from './exit.js';
import { newMember } from './new-member.js';
import type { Membership } from './running-server.js';
import { load, SecretStore } from './secrets.js';
import { causes, info, type ServiceContext, warn } from './service-context.js';
import { parseToken } from './token.js';

/** Imposes `found`, after which its API can answer; then the member's data is on the disk, and its tokens a while before. */
export async function found(
  context: ServiceContext,
  config: K3sConfig,
  entered: (membership: Membership) => void,
  signal: AbortSignal,
): Promise<void> {
  const { machine, plane } = context;
  const { world } = plane;
  const given = password(config.token);
  if (!config.clusterInit) warn(context, 'cluster-init is not set: using SQLite, no other server can join');

  const offsetMs = world.profile.runtime;
  const startedAt = Date.now() + offsetMs;
  const ms = world.profile.found;
  const serverPassword = given ?? randomBytes(16).toString('hex');
  const isEncrypted = /^(1|t|true)$/i.test(config.critical['secrets-encryption'] ?? '');
  const encryption = isEncrypted ? ({ activeKey: 'aescbckey', stage: 'start' } as const) : null;
  const imposed = world.impose({ kind: 'found', instanceId: machine.id, ms, after: causes(context), signal });
  const secrets = new SecretStore({ ca: createClusterCa(), serverPassword, encryption });
  // Written once etcd answers and the API server has been started. [k3s source: pkg/server, StartServer, printTokens]
  world
    .wait(ms - world.profile.serve, signal)
    .then(() => writeTokens(machine, load(secrets.now, config)))
    // The process has ended, and its machine perhaps.
    .catch(() => undefined);
  const span = await imposed;
  const founding = {
    id: plane.newId(),
    embeddedEtcd: config.clusterInit,
    flannelBackend: config.critical['flannel-backend'] ?? '',
    foundSpan: span.id,
  };
  const cluster = new KubeCluster(world, founding, secrets);
  const member = newMember(plane, machine, config, {
    learner: false,
    started: true,
    since: Date.now(),
    loop: { startedAt, span: { of: span.id, offsetMs } },
  });
  plane.clusters.set(cluster.founding.id, cluster);
  cluster.etcd.found(member);
  writeMember(machine, { clusterId: cluster.founding.id, memberId: member.id }, member.name);
  entered({ cluster, member });
  world.note('cluster-founded', { instanceId: machine.id, cluster: cluster.founding.id, node: config.nodeName });
  info(context, `Running etcd member ${member.name} at https://${member.peerIp}:2380`);
}

/** A given token may come in either form; its password counts for a cluster that does not exist yet. */
function password(text: string | null): string | null {
  if (text === null) return null;
  const token = parseToken(text);
  if (!token) throw fatal('starting kubernetes: preparing server: invalid token format');
  if (token.caHash !== null)
    throw fatal('starting kubernetes: token CA hash does not match the Cluster CA certificate hash');
  return token.password;
}
