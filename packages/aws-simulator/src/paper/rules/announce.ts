/** What a join asks of etcd while it waits: the counterpart of lib/announce.sh and lib/promote.sh. */
import { etcdPort } from '../../k3s/etcd-port.js';
import { ETC, read } from '../files.js';
import type { Job } from '../job.js';
import type { PaperNode } from '../node.js';
import { unitOf } from './install.js';

/** Looks in a row of a job that have found the member waiting, or that K3s was restarted for it. */
const looks = new WeakMap<Job, 1 | 'restarted'>();

/** In each look at a server that comes up, and at a learner. */
export async function helpJoin(job: Job): Promise<void> {
  if (job.role !== 'server') return;
  const before = looks.get(job);
  const isWaiting = waitsForItself(job.machine);
  if (before === undefined && isWaiting) looks.set(job, 1);
  else if (before === 1 && isWaiting) {
    looks.set(job, 'restarted');
    job.say(
      `restarting ${unitOf(job.role)}: the snapshot that etcd began with holds its announcement, for which it would wait 15 s`,
    );
    await job.run('systemctl', 'restart', '--no-block', unitOf(job.role));
  } else {
    if (before === 1) looks.delete(job);
    askForVote(job);
  }
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
