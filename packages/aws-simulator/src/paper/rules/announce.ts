/** What a join asks of etcd while it waits: the counterpart of lib/announce.sh and lib/promote.sh. */
import { setTimeout as sleep } from 'node:timers/promises';
import { etcdPort } from '../../k3s/etcd-port.js';
import { ETC, read } from '../files.js';
import type { Job } from '../job.js';
import type { PaperNode } from '../node.js';
import { unitOf } from './install.js';

/** Between two looks at a proposal. */
const PAUSE_MS = 100;

/** Jobs for which K3s was restarted. */
const restarted = new WeakSet<Job>();

/** In each look at a server that comes up, and at a learner. */
export async function helpStart(job: Job): Promise<void> {
  if (job.role !== 'server') return;
  if (restarted.has(job) || !(await isLost(job))) return askForVote(job);
  restarted.add(job);
  job.say(
    `restarting ${unitOf(job.role)}: the snapshot that etcd began with holds its announcement, for which it would wait 15 s`,
  );
  await job.run('systemctl', 'restart', '--no-block', unitOf(job.role));
}

/** Two looks find it waiting: what is on its way arrives between them. */
async function isLost({ machine, signal }: Job): Promise<boolean> {
  if (!waitsForItself(machine)) return false;
  await sleep(PAUSE_MS, null, { signal });
  return waitsForItself(machine);
}

/** Whether it learns, has applied all that it knows to be committed, and has a proposal of its own under way. */
function waitsForItself({ server }: PaperNode): boolean {
  const metrics = etcdPort(server, 'http://127.0.0.1:2381/metrics').stdout;
  const value = (name: string): number =>
    Number(new RegExp(`^etcd_server_${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? 0);
  const applied = value('proposals_applied_total');
  return (
    value('is_learner') === 1 &&
    value('has_leader') === 1 &&
    value('proposals_pending') >= 1 &&
    applied > 0 &&
    applied >= value('proposals_committed_total')
  );
}

function askForVote({ machine }: Job): void {
  const member = machine.server?.membership?.member;
  const voter = /^server: "https:\/\/([^":]+):6443"$/m.exec(read(machine, `${ETC}/config.yaml`))?.[1];
  if (member?.learner && voter !== undefined) machine.askForVote(voter, member.id);
}
