/** Answers of etcd at `http://127.0.0.1:2381`, K3s's port for health and metrics, and curl's exit code. */
import { type CommandReply, reply } from '../machine/systemctl.js';
import { usedMiB } from './disk.js';
import type { Etcd, Member } from './etcd.js';
import { etcdOf } from './etcd-release.js';
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
    case '/metrics': {
      const used = gauge(
        'etcd_mvcc_db_total_size_in_use_in_bytes',
        'Total size of the underlying database logically in use in bytes.',
        (usedMiB(server.machine) * 1024 * 1024).toExponential(),
      );
      const version = gauge(
        `etcd_server_version{server_version="${etcdOf(server.version)}"}`,
        "Which version is running. 1 for 'server_version' label with current version.",
        1,
      );
      return reply(0, [...used, ...version, ...ofMember(etcd, membership.member)].join(''));
    }
    default:
      return reply(0, '404 page not found\n');
  }
}

/** [etcd source: etcdserver/metrics.go, api/membership/metrics.go] */
function ofMember(etcd: Etcd, member: Member): string[] {
  // A member that waits for the leader's snapshot has no log, and knows of none.
  const index = member.caughtUp ? etcd.lastIndex : 0;
  return [
    ...gauge(
      `etcd_server_id{server_id="${member.id}"}`,
      "Server or member ID in hexadecimal format. 1 for 'server_id' label with current ID.",
      1,
    ),
    ...gauge('etcd_server_has_leader', 'Whether or not a leader exists. 1 is existence, 0 is not.', etcd.available),
    ...gauge(
      'etcd_server_is_leader',
      'Whether or not this member is a leader. 1 if is, 0 otherwise.',
      etcd.leader === member,
    ),
    ...gauge(
      'etcd_server_is_learner',
      'Whether or not this member is a learner. 1 if is, 0 otherwise.',
      member.learner,
    ),
    ...gauge('etcd_server_proposals_applied_total', 'The total number of consensus proposals applied.', index),
    ...gauge('etcd_server_proposals_committed_total', 'The total number of consensus proposals committed.', index),
    // Of proposals, only announcements take their time here.
    ...gauge('etcd_server_proposals_pending', 'The current number of pending proposals to commit.', !member.announced),
  ];
}

const gauge = (name: string, help: string, value: string | number | boolean): string[] => [
  `# HELP ${name.replace(/\{.*/, '')} ${help}\n`,
  `# TYPE ${name.replace(/\{.*/, '')} gauge\n`,
  `${name} ${typeof value === 'boolean' ? Number(value) : value}\n`,
];
