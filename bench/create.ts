import { memoryOf } from './memory.js';
import { ratioOf } from './operation-ratio.js';
import type { Row } from './report.js';
import { BenchCluster, openStack, type Shape } from './stack.js';

/** Creates on profile `aws`: wall time against the critical path, events of the history, memory of the worker. */
export async function benchCreate(): Promise<Row[]> {
  const bench = await openStack('aws');
  try {
    const rows: Row[] = [];
    const one = async (label: string, shape: Shape): Promise<void> => void rows.push(await measure(label, shape));
    const measure = async (label: string, shape: Shape): Promise<Row> => {
      const cluster = await BenchCluster.start(bench, shape);
      const status = await cluster.settled('Running');
      const [operation] = status.operations;
      if (operation === undefined) throw new Error(`${shape.name} has no operation`);
      const ratio = await ratioOf(bench, shape.name, operation, status.createdAt);
      return { case: label, ...ratio, historyEvents: await cluster.historyEvents() };
    };
    await one('create dev', { name: 'dev', mode: 'dev' });
    await one('create ha', { name: 'ha', mode: 'ha' });
    await one('create ha, image with K3s', { name: 'image', mode: 'ha', image: '/keelson/images/k3s-amd64' });
    await one('create ha, 10 agents', { name: 'pools', mode: 'ha', agents: 10 });
    const ten = await Promise.all(
      Array.from({ length: 10 }, (_, index) => measure('one of 10 at once', { name: `many-${index}`, mode: 'ha' })),
    );
    const slowest = ten.reduce((worst, row) => (Number(row['ratio']) > Number(worst['ratio']) ? row : worst));
    rows.push({ ...slowest, case: 'slowest of 10 ha at once' });
    rows.push({ case: 'worker after 14 creates', rssMiB: memoryOf(bench.stack.worker().pid) });
    return rows;
  } finally {
    await bench.close();
  }
}
