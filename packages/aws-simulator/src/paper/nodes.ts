/** What Kubernetes and etcd say about nodes, asked of the server of this node. The counterpart of lib/kubectl.sh and lib/etcd.sh. */
import type { NodeObject } from '../k3s/node.js';
import { PRESSURES } from '../machine/troubles.js';
import type { Job } from './job.js';
import type { PaperNode } from './node.js';

/** A node, or a member of etcd without one. */
export interface NodeRow {
  name: string;
  /** Of a member without a node: `voter` or `learner`; null for a node. */
  member: 'voter' | 'learner' | null;
  ready: string;
  /** `-` where it is not a node of etcd. */
  votes: 'True' | 'False' | '-';
  version: string;
  schedulable: boolean;
  address: string;
  pressures: string[];
}

/** Null while the API of this node does not answer. */
export function nodeRows({ server }: Pick<PaperNode, 'server'>): NodeRow[] | null {
  const cluster = server?.membership?.cluster;
  if (!server?.answers || !cluster) return null;
  const left = new Map(
    cluster.founding.embeddedEtcd
      ? cluster.etcd.members.map((member) => [member.started ? member.nodeName : member.peerIp, member])
      : [],
  );
  const rows = cluster.nodeObjects().map((node): NodeRow => {
    const isEtcd = 'node-role.kubernetes.io/etcd' in node.metadata.labels;
    const address = node.status.addresses.find(({ type }) => type === 'InternalIP')?.address ?? '<none>';
    const who = left.has(node.metadata.name) || !isEtcd ? node.metadata.name : address;
    const member = left.get(who);
    left.delete(who);
    return {
      name: node.metadata.name,
      member: null,
      ready: statusOf(node, 'Ready'),
      votes: member !== undefined ? (member.learner ? 'False' : 'True') : isEtcd ? 'False' : '-',
      version: node.status.nodeInfo.kubeletVersion,
      schedulable: !('unschedulable' in node.spec),
      address,
      pressures: PRESSURES.filter((kind) => statusOf(node, kind) === 'True'),
    };
  });
  const others = [...left].map(
    ([name, { learner }]): NodeRow => ({
      ...{ name, member: learner ? 'learner' : 'voter', ready: '-', votes: '-', version: '-' },
      ...{ schedulable: true, address: '-', pressures: [] },
    }),
  );
  return [...rows, ...others];
}

const statusOf = (node: NodeObject, type: string): string =>
  node.status.conditions.find((one) => one.type === type)?.status ?? '<none>';

/** The row of one node; undefined where there is none, or no answer. */
export const rowOf = (machine: Pick<PaperNode, 'server'>, name: string): NodeRow | undefined =>
  nodeRows(machine)?.find((row) => row.member === null && row.name === name);

/** `api=`, `voters=`, `node.<name>=`, `member.<name>=`. */
export function reportNodes(job: Job): void {
  const rows = nodeRows(job.machine);
  if (rows === null)
    job.fail('ApiUnreachable', 'the API server of this node does not list nodes', 'look at the k3s service');
  job.result('api', 'ok');
  job.result('voters', rows.filter(({ votes, member }) => votes === 'True' || member === 'voter').length);
  for (const { name, member, ready, votes, version, schedulable, address, pressures } of rows)
    if (member !== null) job.result(`member.${name}`, member);
    else job.result(`node.${name}`, [ready, votes, version, schedulable, address, pressures.join('+') || '-'].join());
}

/** Waits for an answer of the API server, which an election may hold back. */
export async function awaitApi(job: Job, seconds: number): Promise<void> {
  const until = Date.now() + seconds * 1_000;
  for (;;) {
    if ((await job.run('kubectl', 'get', '--raw', '/readyz')).exit === 0) return;
    if (Date.now() >= until)
      job.fail(
        'ApiUnreachable',
        'the API server of this node does not answer',
        'look at the k3s service, and whether most servers are up',
      );
    await job.wait('the API server of this node');
  }
}
