/** Scripts that start K3s on a node, and those that end it. */
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync } from 'node:fs';
import { awaitTokens, fetchToken, offerToken, storeKubeconfig, storeToken } from '../bucket.js';
import { ETC, has, K3S, read, remove, SERVER, STARTED_WITH, STATE, write } from '../files.js';
import type { Job } from '../job.js';
import { reportNodes, rowOf } from '../nodes.js';
import { takeFiles } from './files.js';
import { installK3s, unitOf } from './install.js';
import { awaitNode, PATIENCE, startAndWait, stateOf, stopService } from './service.js';

/** SHA-256 of the server CA, with which a secure token begins. */
const caHash = (job: Job): string => /^K10([0-9a-f]{64})::/.exec(read(job.machine, `${SERVER}/token`))?.[1] ?? '';

export function makeToken({ machine }: Job, name: string): void {
  if (read(machine, `${ETC}/${name}`) === '') write(machine, `${ETC}/${name}`, randomBytes(16).toString('hex'));
}

export async function bootstrap(job: Job): Promise<void> {
  const started = read(job.machine, STARTED_WITH);
  if (started.startsWith(`boot-${job.param('FOUNDING')} `)) job.say('K3s was started by the first boot');
  else if (started.startsWith('boot-'))
    job.fail(
      'FoundedOtherwise',
      'its first boot has founded a cluster as the document was before',
      'nothing; another node takes its place',
    );
  await takeFiles(job);
  if (job.param('K3S_VERSION') !== '') await installK3s(job);
  makeToken(job, 'server-token');
  makeToken(job, 'agent-token');
  // K3s writes its token before its API answers; stored by then, no one waits for it.
  let early: string | null = null;
  await startAndWait(job, PATIENCE.bootstrap, async () => {
    early ??= await offerToken(job, 'TOKEN_PUT');
  });
  if (early !== read(job.machine, `${SERVER}/token`)) await storeToken(job, 'token', 'TOKEN_PUT');
  await storeToken(job, 'agent-token', 'AGENT_TOKEN_PUT');
  if (job.hasUrl('KUBECONFIG_PUT')) await storeKubeconfig(job);
  job.result('ca-hash', caHash(job));
  job.result('ready', true);
}

export async function join(job: Job): Promise<void> {
  const since = job.param('TOKEN_SINCE');
  if (job.param('RESET') !== '') notOnPaper(job, 'a join after a restore');
  await takeFiles(job);
  if (job.param('K3S_VERSION') !== '') await installK3s(job);
  if (since === '') {
    if (job.role === 'server') await fetchToken(job, 'TOKEN_GET', 'server-token');
    await fetchToken(job, 'AGENT_TOKEN_GET', 'agent-token');
  } else if (!(await awaitTokens(job, Number(job.param('TOKEN_WAIT')), since))) return job.result('waited', 'in-vain');
  await startAndWait(job, PATIENCE.join);
  if (job.role === 'agent') return;
  await awaitNode(job, 10);
  reportNodes(job);
}

export async function serviceStart(job: Job): Promise<void> {
  if (job.param('ROTATE') !== '') notOnPaper(job, 'a start in a rotation');
  await takeFiles(job);
  await startAndWait(job, PATIENCE.join);
  if (job.role === 'server') {
    const seconds = job.param('NODE_SECONDS');
    await awaitNode(job, seconds === '' ? null : Number(seconds));
    if (job.param('UNCORDON') === 'true') await job.run('kubectl', 'uncordon', job.param('NODE_NAME'));
    reportNodes(job);
  }
  if (job.param('API_ADDRESS') !== '') await storeKubeconfig(job);
}

const notOnPaper = (job: Job, what: string): never =>
  job.fail('NotOnPaper', `nodes on paper do not know ${what}`, 'use nodes that run scripts');

export async function serviceStop(job: Job): Promise<void> {
  await stopService(job, unitOf(job.role));
  job.result('stopped', true);
}

export async function resetMember(job: Job): Promise<void> {
  const { machine } = job;
  const name = job.param('NODE_NAME');
  if (stateOf(machine, 'k3s') === 'active' && rowOf(machine, name)?.votes === 'True')
    job.fail(
      'MemberIsVoter',
      `${name} is a voting member of etcd`,
      'remove it from the cluster first, or leave it alone',
    );
  await stopService(job, 'k3s');
  const there = existsSync(machine.path(`${SERVER}/db/etcd`));
  if (there) {
    remove(machine, `${SERVER}/db.removed`, STARTED_WITH);
    renameSync(machine.path(`${SERVER}/db`), machine.path(`${SERVER}/db.removed`));
  }
  job.result('reset', there);
}

export async function uninstall(job: Job): Promise<void> {
  const { machine } = job;
  for (const unit of ['k3s', 'k3s-agent']) {
    const file = `/etc/systemd/system/${unit}.service`;
    if (!has(machine, file)) continue;
    await stopService(job, unit);
    await job.run('systemctl', 'disable', unit);
    remove(machine, file);
  }
  await job.run('systemctl', 'daemon-reload');
  remove(machine, K3S, ETC, '/etc/rancher/node', '/var/lib/rancher/k3s');
  remove(machine, ...['cache', 'started-with', 'config-sum', 'files'].map((name) => `${STATE}/${name}`));
  job.result('uninstalled', true);
}
