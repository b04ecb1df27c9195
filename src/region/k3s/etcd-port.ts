/** What etcd answers at `http://127.0.0.1:2381`, K3s's port for health and metrics, and how curl ends with that. */
import { type CommandReply, reply } from '../machine/systemctl.js';
import type { ServerService } from './server-service.js';

/** `/health` and the one metric that is asked for; in etcd's own texts. [etcd source: etcdhttp, health] */
export function etcdPort(server: ServerService | undefined, url: string): CommandReply {
  const membership = server?.membership;
  if (!server?.listening || !membership) return reply(7, '', 'curl: (7) Failed to connect to 127.0.0.1 port 2381\n');
  const { etcd } = membership.cluster;
  const leads = etcd.leader === membership.member;
  switch (new URL(url).pathname) {
    case '/health': {
      const [alarm] = etcd.alarms.values();
      const reason = alarm !== undefined ? `ALARM ${alarm}` : etcd.available ? '' : 'RAFT NO LEADER';
      return reply(0, `{"health":"${reason === ''}","reason":"${reason}"}`);
    }
    case '/metrics':
      return reply(
        0,
        `# HELP etcd_server_is_leader Whether or not this member is a leader. 1 if is, 0 otherwise.\n# TYPE etcd_server_is_leader gauge\netcd_server_is_leader ${leads ? 1 : 0}\n`,
      );
    default:
      return reply(0, '404 page not found\n');
  }
}
