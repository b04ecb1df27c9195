/** What a join asks of etcd while it waits: the counterpart of lib/announce.sh and lib/promote.sh. */
import { setTimeout as sleep } from 'node:timers/promises';
import { etcdPort } from '../../k3s/etcd-port.js';
import { ETC, read } from '../files.js';
import type { Job } from '../job.js';
import type { PaperNode } from '../node.js';
import { unitOf } from './install.js';

/** Milliseconds between two looks at a proposal, and how many of them follow each other. */
const PAUSE_MS = 100;
const LOOKS = 10;

/** Jobs for which K3s was restarted. */
const restarted = new WeakSet<Job>();

/** In each look at a server that comes up, and at a learner. Asks for no vote while the announcement is under way. */
export async function helpStart(job: Job): Promise<void> {
  if (job.role !== 'server') return;
  const seen = restarted.has(job) ? null : await announcementSeen(job);
  if (seen === null) return askForVote(job);
  if (seen === 'comes') return;
  restarted.add(job);
  job.say(
    `restarting ${unitOf(job.role)}: the snapshot that etcd began with holds its announcement, for which it would wait 15 s`,
  );
  await job.run('systemctl', 'restart', '--no-block', unitOf(job.role));
}

/** It is lost where two looks in a row find it waiting: what is on its way arrives between them. Looks often while the snapshot comes. */
async function announcementSeen({ machine, signal }: Job): Promise<'lost' | 'comes' | null> {
  let before: Announcement = null;
  for (let look = 1; ; look += 1) {
    const now = announcementOf(machine);
    if (now === null) return null;
    if (now === 'waits' && before === 'waits') return 'lost';
    if (look === LOOKS) return 'comes';
    before = now;
    await sleep(PAUSE_MS, null, { signal });
  }
}

type Announcement = 'waits' | 'comes' | null;

/** Of a member that learns and has a proposal of its own under way: whether it has applied all that it knows to be committed. */
function announcementOf({ server }: PaperNode): Announcement {
  const metrics = etcdPort(server, 'http://127.0.0.1:2381/metrics').stdout;
  const value = (name: string): number =>
    Number(new RegExp(`^etcd_server_${name} (\\S+)$`, 'm').exec(metrics)?.[1] ?? 0);
  if (value('is_learner') !== 1 || value('proposals_pending') < 1) return null;
  const applied = value('proposals_applied_total');
  const isApplied = value('has_leader') === 1 && applied > 0 && applied >= value('proposals_committed_total');
  return isApplied ? 'waits' : 'comes';
}

function askForVote({ machine }: Job): void {
  const member = machine.server?.membership?.member;
  const voter = /^server: "https:\/\/([^":]+):6443"$/m.exec(read(machine, `${ETC}/config.yaml`))?.[1];
  if (member?.learner && voter !== undefined) machine.askForVote(voter, member.id);
}
