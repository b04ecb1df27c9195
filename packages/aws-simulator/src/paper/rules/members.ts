/** Scripts that change another node through the API of this one: drain, uncordon, remove-node. */
import type { Job } from '../job.js';
import { awaitApi, nodeRows, reportNodes, rowOf } from '../nodes.js';

export async function drain(job: Job): Promise<void> {
  const name = job.param('NODE_NAME');
  await awaitApi(job, 20);
  if (rowOf(job.machine, name) === undefined) {
    job.say(`there is no node ${name}`);
    job.result('drained', true);
    return job.result('reason', 'NodeAbsent');
  }
  const tryDrain = (time: string) =>
    job.run(
      'kubectl',
      ...['drain', name, '--ignore-daemonsets', `--force=${job.param('DRAIN_FORCE') || 'false'}`],
      ...[`--delete-emptydir-data=${job.param('DRAIN_EMPTY_DIR') || 'false'}`, `--timeout=${time}`],
    );
  const first = job.param('DRAIN_FIRST');
  let { exit, stderr } = await tryDrain(first || job.param('DRAIN_TIMEOUT'));
  if (exit !== 0 && first !== '' && stderr.includes('global timeout reached')) {
    if (isHeld(stderr)) {
      job.result('drained', false);
      return job.result('held', podsHeld(stderr));
    }
    ({ exit, stderr } = await tryDrain(job.param('DRAIN_TIMEOUT')));
  }
  if (exit === 0) {
    job.result('drained', true);
    return reportNodes(job);
  }
  job.result('drained', false);
  job.result('reason', (stderr.split('\n').findLast((line) => /error/i.test(line)) ?? '').slice(0, 300));
  if (stderr.includes('use --force to override'))
    job.fail(
      'DrainNeedsForce',
      `${name} has pods without a controller`,
      'delete or move them, or set spec.upgrade.drain.force',
    );
  if (stderr.includes('use --delete-emptydir-data to override'))
    job.fail(
      'DrainNeedsEmptyDir',
      `${name} has pods with emptyDir volumes`,
      'delete or move them, or set spec.upgrade.drain.deleteEmptyDir',
    );
  if (isHeld(stderr)) {
    job.result('held', podsHeld(stderr));
    job.fail(
      'DrainFailed',
      `a PodDisruptionBudget holds ${podsHeld(stderr)}: ${name} is not drained after ${job.param('DRAIN_TIMEOUT')}`,
      'see kubectl get pdb -A',
    );
  }
  job.fail('DrainFailed', `${name} is not drained after ${job.param('DRAIN_TIMEOUT')}`, 'see which pods remain on it');
}

const isHeld = (stderr: string): boolean => stderr.includes('disruption budget');

/** Namespace and name of up to three pods whose eviction a PodDisruptionBudget has refused. */
const podsHeld = (stderr: string): string =>
  [...stderr.matchAll(/^error when evicting pod[^"]*"([^"]*)" -n "([^"]*)".*disruption budget/gm)]
    .map(([, pod, namespace]) => `${namespace}/${pod}`)
    .filter((pod, index, all) => all.indexOf(pod) === index)
    .sort()
    .slice(0, 3)
    .join(', ');

export async function uncordon(job: Job): Promise<void> {
  const name = job.param('NODE_NAME');
  const seconds = job.param('AWAIT_READY');
  await awaitApi(job, 20);
  if (rowOf(job.machine, name) === undefined)
    job.fail('NodeAbsent', `there is no node ${name}`, 'nothing to do, or the name is wrong');
  const until = Date.now() + Number(seconds) * 1_000;
  while (seconds !== '' && rowOf(job.machine, name)?.ready !== 'True') {
    if (Date.now() >= until)
      job.fail('NodeNotReady', `${name} is not Ready ${seconds} s after its change`, 'see its kubelet');
    await job.wait(`node ${name} to be Ready`);
  }
  await job.run('kubectl', 'uncordon', name);
  job.result('uncordoned', true);
}

export async function removeNode(job: Job): Promise<void> {
  const name = job.param('NODE_NAME');
  await awaitApi(job, 20);
  const row = rowOf(job.machine, name);
  if (row === undefined) job.say(`there is no node ${name}`);
  else {
    if (job.role === 'server' && row.votes !== '-') {
      await job.run('kubectl', 'annotate', 'node', name, 'etcd.k3s.cattle.io/remove=true', '--overwrite');
      while (!isRemoved(job, name)) {
        // Without a quorum no one lets go of anything: said soon, not when all of the job's time is over.
        if (nodeRows(job.machine) === null) await awaitApi(job, 20);
        await job.wait(`etcd to let go of ${name}`);
      }
    }
    const { exit, stderr } = await job.run('kubectl', 'delete', 'node', name);
    if (exit !== 0) throw new Error(stderr.trim());
  }
  job.result('removed', true);
}

const isRemoved = ({ machine }: Job, name: string): boolean =>
  machine.server?.membership?.cluster.nodes.get(name)?.annotations['etcd.k3s.cattle.io/removed-node-name'] !==
  undefined;
