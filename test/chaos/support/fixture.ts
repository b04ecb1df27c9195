import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { INTERCEPTORS } from '#src/cli/clusters/interceptors.js';
import { localEnvironment } from '#src/config/local-env.js';
import { SEARCH_ATTRIBUTES } from '#src/config/search-attributes.js';
import { createChildren, startTemporal } from './built.js';
import { ChaosCell } from './chaos-cell.js';
import { type Asking, ChaosCluster } from './cluster.js';

/** Kind of a search attribute. [Temporal API: IndexedValueType] */
const KEYWORD = 2;

/** A Temporal server and any number of cells. */
export interface ChaosFixture {
  client: Client;
  openCell(): Promise<ChaosCell>;
  newCluster(cell: ChaosCell, mode: 'dev' | 'ha'): ChaosCluster;
  /** A Temporal namespace beside those of the cells. */
  newNamespace(name: string): Promise<Client>;
  /** SIGKILL, and a new server at the same address with what the database holds. */
  killTemporal(): Promise<void>;
  close(): Promise<void>;
}

export async function openChaosFixture({ asking = 'wait' }: { asking?: Asking } = {}): Promise<ChaosFixture> {
  const dir = mkdtempSync(join(tmpdir(), 'keelson-chaos-'));
  const children = createChildren();
  const env = localEnvironment(process.env, {});
  const options = { dir, ui: false, usualPorts: false, database: join(dir, 'temporal.db') };
  let temporal = await startTemporal(children, env, options);
  const { address } = temporal;
  const connection = await Connection.connect({ address, interceptors: INTERCEPTORS });
  const client = new Client({ connection });
  const cells: ChaosCell[] = [];
  const clientOf = new WeakMap<ChaosCell, Client>();
  const newNamespace = async (namespace: string): Promise<Client> => {
    const day = { seconds: 86_400 } as never;
    await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod: day });
    const searchAttributes = Object.fromEntries(SEARCH_ATTRIBUTES.map((one) => [one, KEYWORD]));
    // All parts of the server know it after a moment.
    for (let tries = 1; ; tries += 1) {
      try {
        await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
        return new Client({ connection, namespace });
      } catch (error) {
        if (tries === 100) throw error;
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    }
  };
  let opened = 0;
  let clusters = 0;
  return {
    client,
    async openCell() {
      opened += 1;
      const name = `cell-${opened}`;
      // A namespace has one watch of each region: cells that share it would get reports of another cell's region.
      const namespace = opened === 1 ? 'default' : name;
      const own = opened === 1 ? client : await newNamespace(namespace);
      const cell = await ChaosCell.open(children, { temporal: address, namespace }, join(dir, name), name);
      cells.push(cell);
      clientOf.set(cell, own);
      return cell;
    },
    newCluster(cell, mode) {
      clusters += 1;
      return new ChaosCluster(clientOf.get(cell) ?? client, cell, `${mode}-${clusters}`, mode, asking);
    },
    newNamespace,
    async killTemporal() {
      temporal.child.kill('SIGKILL');
      await temporal.child.ended;
      temporal = await startTemporal(children, env, { ...options, port: Number(address.split(':')[1]) });
    },
    async close() {
      await Promise.all(cells.map((cell) => cell.close()));
      await connection.close();
      await children.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
