import { parseArgs } from 'node:util';
import { openLaboratory } from './support/laboratory.js';
import { Matrix } from './support/matrix.js';
import { OPERATIONS, type OperationName } from './support/operations.js';
import { tableOf, totals } from './support/table.js';

/**
 * `npm run chaos`: the crash matrix. Progress goes to stderr, the table to stdout; exit 1 when anything was found.
 *
 *   npm run chaos -- --cells 8 --seed 7
 *   npm run chaos -- --share 0.2
 *   npm run chaos -- --watch          # and somebody asks for the status all the time
 *   npm run chaos -- --operation stop --operation start
 */
const { values } = parseArgs({
  options: {
    cells: { type: 'string', default: '4' },
    share: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    operation: { type: 'string', multiple: true },
    watch: { type: 'boolean', default: false },
  },
});
const isOperation = (name: string): name is OperationName => OPERATIONS.some((one) => one === name);
const started = Date.now();
const laboratory = await openLaboratory({ asksAlways: values.watch });
const operations = values.operation?.filter(isOperation);
const matrix = new Matrix(laboratory, {
  cells: Number(values.cells),
  seed: Number(values.seed),
  share: Number(values.share),
  ...(operations !== undefined && { operations }),
  progress: (line) => void process.stderr.write(`${line}\n`),
});
let failed = false;
try {
  await matrix.run();
} finally {
  await laboratory.close();
  process.stdout.write(`${tableOf(matrix.rows)}\n`);
  for (const { operation, notMet } of matrix.rows) {
    for (const one of notMet) process.stdout.write(`not met again: ${operation}: ${one}\n`);
  }
  const found = totals(matrix.rows);
  const minutes = ((Date.now() - started) / 60_000).toFixed(1);
  process.stdout.write(
    `${minutes} minutes, seed ${values.seed}, ${values.cells} cells${values.watch ? ', status watched' : ''}, share ${values.share}: ${JSON.stringify(found)}\n`,
  );
  failed = Object.values(found).some((count) => count > 0);
}
process.exit(failed ? 1 : 0);
