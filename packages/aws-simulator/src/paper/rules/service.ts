/** K3s as a service: configured, started, waited for, stopped. The counterpart of lib/service.sh and lib/stop.sh. */
import { journalctl } from '../../machine/systemctl.js';
import { ETC, read, STARTED_WITH, STATE, sha256, write } from '../files.js';
import type { Job } from '../job.js';
import type { PaperNode } from '../node.js';
import { rowOf } from '../nodes.js';
import { helpStart } from './announce.js';
import { installedVersion, unitOf } from './install.js';

export const stateOf = ({ systemd }: PaperNode, unit: string): string =>
  systemd.unit(`${unit}.service`)?.state ?? 'inactive';

export const restartsOf = ({ systemd }: PaperNode, unit: string): number =>
  systemd.unit(`${unit}.service`)?.restarts ?? 0;

export const digestConfig = (machine: PaperNode): void =>
  write(machine, `${STATE}/config-sum`, `${sha256(read(machine, `${ETC}/config.yaml`))}\n`);

export function writeConfig(job: Job, given: string): void {
  const { machine, role } = job;
  const tokens =
    role === 'server'
      ? [
          `token-file: "${machine.path(`${ETC}/server-token`)}"`,
          `agent-token-file: "${machine.path(`${ETC}/agent-token`)}"`,
        ]
      : [`token-file: "${machine.path(`${ETC}/agent-token`)}"`];
  const text = `${[given.replace(/\n+$/, ''), ...tokens].join('\n')}\n`;
  if (read(machine, `${ETC}/config.yaml`) !== text) write(machine, `${ETC}/config.yaml`, text);
  digestConfig(machine);
}

/** The configuration that the job brings. */
function configOf(job: Job): string {
  const encoded = job.param('CONFIG_B64');
  return encoded === '' ? job.param('CONFIG') : Buffer.from(encoded, 'base64').toString('utf8');
}

/** Whether the service was last started with this hash and version, or by the first boot with this very file. */
function runsWith(machine: PaperNode, wanted: string): boolean {
  const started = read(machine, STARTED_WITH);
  const ofBoot = ` ${wanted.split(' ')[1]} ${read(machine, `${STATE}/config-sum`).trim()}`;
  return started === wanted || (started.startsWith('boot-') && started.endsWith(ofBoot));
}

async function runService(job: Job, unit: string): Promise<void> {
  const { machine } = job;
  const wanted = `${job.param('CONFIG_HASH')} ${installedVersion(machine)}`;
  if (!machine.systemd.isEnabled(`${unit}.service`)) await job.run('systemctl', 'enable', unit);
  while (stateOf(machine, unit) === 'deactivating') await job.wait(`the end of the ${unit} service`);
  if (['active', 'activating'].includes(stateOf(machine, unit))) {
    const isRight = job.param('RESTART') !== 'true' && runsWith(machine, wanted);
    job.say(isRight ? `${unit} runs with this configuration` : `restarting ${unit}`);
    if (!isRight) await job.run('systemctl', 'restart', '--no-block', unit);
  } else {
    job.say(`starting ${unit}`);
    await job.run('systemctl', 'start', '--no-block', unit);
  }
  write(machine, STARTED_WITH, wanted);
}

/** What a start needs from outside, in each look at it. */
type Help = (job: Job) => Promise<void>;

/** Until the unit is active; what cannot heal fails at once, what has begun three times fails after its patience. */
async function awaitService(job: Job, unit: string, patience: number, help: Help = helpStart): Promise<void> {
  const { machine } = job;
  const [since, restarts] = [Date.now(), restartsOf(machine, unit)];
  for (let state = stateOf(machine, unit); state !== 'active'; state = stateOf(machine, unit)) {
    if (state === 'failed') serviceFailed(job, unit, 'has failed');
    if (restartsOf(machine, unit) - restarts >= 2) {
      fatalInJournal(job, unit);
      if (Date.now() - since >= patience * 1_000) serviceFailed(job, unit, 'does not come up');
    }
    await help(job);
    await job.wait(`the ${unit} service (${state})`);
  }
}

function serviceFailed(job: Job, unit: string, how: string): never {
  return job.fail('ServiceFailed', `the ${unit} service ${how}`, `see the journal: journalctl -u ${unit}`);
}

/** Reasons that no further start will change. */
function fatalInJournal(job: Job, unit: string): void {
  const lines = journalctl(job.machine.folder.root, ['-u', unit, '-n', '30']).stdout;
  const name = job.param('NODE_NAME');
  if (lines.includes('token CA hash does not match'))
    job.fail(
      'TokenRejected',
      'the token names another cluster CA',
      'the address of the server to join belongs to another cluster',
    );
  if (lines.includes('Node password rejected'))
    job.fail(
      'NodeNameTaken',
      `the name ${name} belongs to another machine`,
      'remove that Node, or join under a new name',
    );
  if (lines.includes('critical configuration'))
    job.fail(
      'ConfigMismatch',
      'the configuration differs from the other servers in a critical setting',
      'give all servers the same configuration',
    );
  if (/different token|not authorized|401 Unauthorized/.test(lines))
    job.fail('TokenRejected', 'the server refuses the token', 'the token in the bucket is not of this cluster');
}

const isLearner = ({ server }: PaperNode): boolean => server?.membership?.member.learner === true;

/** Until this server's own node is Ready, and no longer than so many seconds where they are given. */
export async function awaitNode(job: Job, seconds: number | null): Promise<void> {
  const [name, until] = [job.param('NODE_NAME'), Date.now() + (seconds ?? 0) * 1_000];
  for (;;) {
    const row = rowOf(job.machine, name);
    if (row?.ready === 'True' || (seconds !== null && Date.now() >= until)) return;
    await job.wait(row === undefined ? `node ${name} to register` : `node ${name} (Ready: ${row.ready})`);
    await awaitService(job, 'k3s', PATIENCE.join);
  }
}

/** Seconds after which a service that has begun three times is given up. */
export const PATIENCE = { bootstrap: 40, agent: 40, join: 120 };

/** The service with this configuration, until its unit is active and the member of a server votes: `node=`. */
export async function startAndWait(job: Job, patience: number, help: Help = helpStart): Promise<void> {
  const unit = unitOf(job.role);
  writeConfig(job, configOf(job));
  await runService(job, unit);
  await awaitService(job, unit, job.role === 'agent' ? PATIENCE.agent : patience, help);
  while (job.role === 'server' && isLearner(job.machine)) {
    await help(job);
    await job.wait(`etcd to promote ${job.param('NODE_NAME')} to a voter`);
    await awaitService(job, unit, patience);
  }
  job.result('node', job.param('NODE_NAME'));
  job.say(`${job.param('NODE_NAME')} is there`);
}

export async function stopService(job: Job, unit: string): Promise<void> {
  if (stateOf(job.machine, unit) === 'inactive') return job.say(`${unit} is stopped`);
  job.say(`stopping ${unit}`);
  await job.run('systemctl', 'stop', unit);
}
