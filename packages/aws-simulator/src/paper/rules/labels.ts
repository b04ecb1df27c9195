/** Labels and taints of nodes: compared, set, and written for the next start. The counterpart of lib/labels.sh. */
import { ETC, has, read, write } from '../files.js';
import type { Job } from '../job.js';
import { awaitApi, reportNodes } from '../nodes.js';
import { digestConfig } from './service.js';

interface Difference {
  node: string;
  verb: string;
  what: string;
}

/** Those lines of NODE_LABELS that are not so yet; null while the API does not answer. */
function differences(job: Job): Difference[] | null {
  const { server } = job.machine;
  const cluster = server?.membership?.cluster;
  if (!server?.answers || !cluster) return null;
  const marks = new Map(
    cluster
      .nodeObjects()
      .map(({ metadata, spec }) => [
        metadata.name,
        new Set([
          ...Object.entries(metadata.labels).map(([key, value]) => `L:${key}=${value}`),
          ...(spec.taints ?? []).map((taint) => `T:${taint.key}=${taintValue(taint)}:${taint.effect}`),
        ]),
      ]),
  );
  return job
    .param('NODE_LABELS')
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap(([node = '', verb = '', what = '']) => {
      const has = marks.get(node);
      const there = has?.has(`${verb.endsWith('taint') ? 'T' : 'L'}:${what}`);
      const isSo = verb.startsWith('un') ? !there : there;
      return has === undefined || isSo === true ? [] : [{ node, verb, what }];
    });
}

const taintValue = (taint: object): string => ('value' in taint && typeof taint.value === 'string' ? taint.value : '');

/** `labels=compared`, `differs.<node>=`. */
export function reportDifferences(job: Job): void {
  const found = differences(job);
  if (found === null) return;
  job.result('labels', 'compared');
  const byNode = new Map<string, string[]>();
  for (const { node, verb, what } of found) byNode.set(node, [...(byNode.get(node) ?? []), `${verb} ${what}`]);
  for (const [node, what] of [...byNode].slice(0, 50)) job.result(`differs.${node}`, what.join());
}

const ROUNDS = 3;

export async function labelNodes(job: Job): Promise<void> {
  await awaitApi(job, 20);
  let changed = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const found = differences(job);
    if (found === null)
      job.fail('ApiUnreachable', 'the API server of this node does not list nodes', 'look at the k3s service');
    if (found.length === 0) break;
    if (round === ROUNDS)
      job.fail(
        'LabelsNotSet',
        `still to do: ${found.map(({ node, verb, what }) => `${node} ${verb} ${what}`).join('; ')}`,
        'see who else changes labels and taints of these nodes',
      );
    for (const { node, verb, what } of found) {
      await job.run('kubectl', verb.replace(/^un/, ''), 'node', node, wordOf(verb, what), '--overwrite');
      changed += 1;
    }
  }
  job.result('changed', changed);
  reportNodes(job);
}

/** What kubectl is told. */
function wordOf(verb: string, what: string): string {
  const key = what.slice(0, what.indexOf('='));
  if (verb === 'label') return what;
  if (verb === 'unlabel') return `${key}-`;
  if (verb === 'taint') return what.replace('=:', ':');
  return `${key}:${what.slice(what.lastIndexOf(':') + 1)}-`;
}

export function writeLabels(job: Job): Promise<void> {
  job.result('written', setLabels(job));
  return Promise.resolve();
}

function setLabels(job: Job): boolean {
  const { machine } = job;
  const file = `${ETC}/config.yaml`;
  if (!has(machine, file)) return false;
  const kept = read(machine, file)
    .split('\n')
    .filter((line) => line !== '' && !/^node-(label|taint)\+?:/.test(line));
  const given = [job.param('LABELS'), job.param('TAINTS')].filter((line) => line !== '');
  write(machine, file, `${[...kept, ...given].join('\n')}\n`);
  digestConfig(machine);
  return true;
}
