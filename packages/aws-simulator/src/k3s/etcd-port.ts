/** Answers of etcd at `http://127.0.0.1:2381`, K3s's port for health and metrics, and curl's exit code. */
import { type CommandReply, reply } from '../machine/systemctl.js';
import { usedMiB } from './disk.js';
import type { RunningServer } from './running-server.js';

/** `/health` and the requested metrics; in etcd's own texts. [etcd source: etcdhttp, health] */
export function etcdPort(server: RunningServer | undefined, url: string): CommandReply {
  // It answers as soon as etcd runs, long before the API of a server that still learns.
  const membership = server?.membership;
  if (!server || !membership) return reply(7, '', 'curl: (7) Failed to connect to 127.0.0.1 port 2381\n');
  const { etcd } = membership.cluster;
  switch (new URL(url).pathname) {
    case '/health': {
      const [alarm] = etcd.alarms.values();
      const reason = alarm !== undefined ? `ALARM ${alarm}` : etcd.available ? '' : 'RAFT NO LEADER';
      return reply(0, `{"health":"${reason === ''}","reason":"${reason}"}`);
    }
    case '/metrics':
      return reply(
        0,
        [
          ...gauge(
            'etcd_mvcc_db_total_size_in_use_in_bytes',
            'Total size of the underlying database logically in use in bytes.',
            (usedMiB(server.machine) * 1024 * 1024).toExponential(),
          ),
          ...gauge(
            'etcd_server_version{server_version="3.6.4"}',
            'Which version is running. 1 for the running version.',
            '1',
          ),
          ...gauge(
            `etcd_server_id{server_id="${membership.member.id}"}`,
            "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.",
            '1',
          ),
          ...gauge(
            'etcd_server_is_leader',
            'Whether or not this member is a leader. 1 if is, 0 otherwise.',
            etcd.leader === membership.member ? '1' : '0',
          ),
          ...gauge(
            'etcd_server_is_learner',
            'Whether or not this member is a learner. 1 if is, 0 otherwise.',
            membership.member.learner ? '1' : '0',
          ),
        ].join(''),
      );
    default:
      return reply(0, '404 page not found\n');
  }
}

const gauge = (name: string, help: string, value: string): string[] => [
  `# HELP ${name.replace(/\{.*/, '')} ${help}\n`,
  `# TYPE ${name.replace(/\{.*/, '')} gauge\n`,
  `${name} ${value}\n`,
];
