import { CopiedClusters } from '../../test/support/copies/index.js';
import { BenchCluster, type BenchStack, documentOf } from '../stack.js';

/** Servers in three subnets of 4,091 addresses: so many clusters fit a VPC, and the region has two. [packages/aws-simulator/src/ec2/network.ts] */
export const MOST_A_VPC = 2_500;
/** A cluster that was created looks again until everything is measured twice. */
const CALM_MS = 45_000;
/** Of those that begin together the last ones: each looks at itself for the first time, and one that has left the worker's cache by then is replayed at each answer. */
const BEGUN_TOGETHER = 100;
/** So many may still look when the next ones begin. */
const STILL_LOOKING = 20;
const UP_MS = 10 * 60_000;
/** Most that the next ones wait for those before them. */
const WAVE_MS = 30_000;
const PATIENCE_MS = 10 * 60_000;
const LOOK_MS = 1_000;

/**
 * Founds running HA clusters: one is created in each VPC, and the others are copies of it. They begin a hundred at a time, as those of a real region do: thousands that
 * look at themselves for the first time within half a minute are more than a worker of 1 GiB gets done before their observations time out.
 *
 * @returns their names, without the originals
 */
export async function foundClusters(bench: BenchStack, count: number): Promise<string[]> {
  const { stack, client, region } = bench;
  const copies = await CopiedClusters.open({
    client,
    temporal: stack.temporal.address,
    regionUrl: stack.region.url,
    region,
  });
  try {
    const vpcs = Math.ceil(count / MOST_A_VPC);
    const originals = Array.from({ length: vpcs }, (_, vpc) => `original-${'abcdef'[vpc]}`);
    const names = Array.from({ length: count }, (_, index) => `living-${String(index).padStart(5, '0')}`);
    await Promise.all(originals.map((name, vpc) => createIn(bench, name, vpc)));
    await pass(CALM_MS);
    said(`${originals.length} created`);
    for (const original of originals) await copies.learn(original);
    const begins: (() => Promise<void>)[] = [];
    for (const [vpc, original] of originals.entries()) {
      const own = names.slice(vpc * MOST_A_VPC, (vpc + 1) * MOST_A_VPC);
      for (let at = 0; at < own.length; at += BEGUN_TOGETHER) {
        begins.push((await copies.make(original, own.slice(at, at + BEGUN_TOGETHER))).begin);
        said(`${at + Math.min(BEGUN_TOGETHER, own.length - at)} of ${own.length} copied`);
      }
    }
    await copies.untilUp(UP_MS);
    said('all copies are up');
    // The watch of the region tells of each machine that it is up: to the seats, which do not listen.
    await pass(CALM_MS);
    for (const [index, begin] of begins.entries()) {
      await begin();
      const begun = vpcs + Math.min(count, (index + 1) * BEGUN_TOGETHER);
      await untilAllAre(bench, begun - STILL_LOOKING, WAVE_MS);
    }
    await untilAllAre(bench, count + vpcs, PATIENCE_MS);
    return names;
  } finally {
    await copies.close();
  }
}

/** The second VPC has no public addresses, and no cluster here needs one. */
async function createIn(bench: BenchStack, name: string, vpc: number): Promise<void> {
  const vpcId = vpc === 0 ? undefined : await otherVpc(bench);
  const document = documentOf({ name, mode: 'ha' });
  const network = { publicIp: false, ...vpcId };
  await bench.client.workflow.start('cluster', {
    workflowId: `cluster/${name}`,
    taskQueue: 'keelson',
    args: [{ ...document, spec: { ...(document['spec'] as object), network } }],
  });
  await new BenchCluster(bench, name).settled('Running');
}

async function otherVpc(bench: BenchStack): Promise<{ vpcId: string; subnetIds: string[] }> {
  const { vpcs } = await bench.region<{ vpcs: { id: string; isDefault: boolean; subnetIds: string[] }[] }>(
    '/_region/networks?region=eu-west-1',
  );
  const other = vpcs.find(({ isDefault }) => !isDefault);
  if (other === undefined) throw new Error('the region has one VPC');
  return { vpcId: other.id, subnetIds: other.subnetIds };
}

/** By what Temporal shows of them: Running and Healthy. @returns how many are */
export async function untilAllAre({ client }: BenchStack, wanted: number, limitMs: number): Promise<number> {
  const until = Date.now() + limitMs;
  for (;;) {
    const { count } = await client.workflow.count(
      "K3sPhase = 'Running' AND K3sHealth = 'Healthy' AND ExecutionStatus = 'Running'",
    );
    said(`${count} of ${wanted} are healthy`);
    if (count >= wanted || Date.now() > until) return count;
    await pass(LOOK_MS);
  }
}

export const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** With BENCH_PROGRESS=1. */
export function said(what: string): void {
  if (process.env['BENCH_PROGRESS'] === '1') process.stderr.write(`${new Date().toISOString()} ${what}\n`);
}
