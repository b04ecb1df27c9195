/** Answers of K3s's supervisor at `https://127.0.0.1:6443` besides the API, and curl's exit code. */
import { type CommandReply, reply } from '../machine/systemctl.js';
import type { Member } from './etcd.js';
import type { RunningServer } from './running-server.js';

/**
 * `/cacerts` for everyone; `/db/info` for the server token: the members of etcd, as etcd's own list. [k3s source: pkg/etcd, infoHandler]
 *
 * @param user name and password of basic auth, with a colon between; empty for none
 */
export function supervisorPort(server: RunningServer | undefined, url: string, user: string): CommandReply {
  const cluster = server?.membership?.cluster;
  const loaded = server?.loaded;
  if (!cluster || !loaded) return reply(7, '', 'curl: (7) Failed to connect to 127.0.0.1 port 6443\n');
  const { etcd, founding } = cluster;
  switch (new URL(url).pathname) {
    case '/cacerts':
      return reply(0, loaded.ca.serverCa);
    case '/db/info':
      if (user !== `server:${loaded.serverPassword}`) return refused(401);
      // Without a leader etcd does not list its members. [etcd: MemberList is linearizable]
      if (!founding.embeddedEtcd || !etcd.available) return refused(founding.embeddedEtcd ? 500 : 404);
      return reply(0, `{"members":[${etcd.members.map(listed).join(',')}]}\n`);
    default:
      return refused(404);
  }
}

/** Returns one member; false or unknown fields are left out. [etcd source: etcdserverpb, Member] */
function listed({ id, name, peerIp, learner, started }: Member): string {
  const rest = JSON.stringify({
    ...(started && { name }),
    peerURLs: [`https://${peerIp}:2380`],
    ...(started && { clientURLs: [`https://${peerIp}:2379`] }),
    ...(learner && { isLearner: true }),
  });
  // A number of 64 bits, which JavaScript cannot hold.
  return `{"ID":${BigInt(`0x${id}`)},${rest.slice(1)}`;
}

/** curl with `--fail`. */
const refused = (status: number): CommandReply =>
  reply(22, '', `curl: (22) The requested URL returned error: ${status}\n`);
