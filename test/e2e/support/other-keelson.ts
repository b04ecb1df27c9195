import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { keyVariables } from '../../../packages/local-stack/src/local-env.js';
import { SEARCH_ATTRIBUTES } from '../../../src/config/search-attributes.js';
import { type Bench, DIST, LOCAL_STACK, type Ran, run } from '../harness.js';

const { createChildren } = (await import(
  `${LOCAL_STACK}children.js`
)) as typeof import('../../../packages/local-stack/src/children.js');
const { startWorker } = (await import(
  `${LOCAL_STACK}worker-process.js`
)) as typeof import('../../../packages/local-stack/src/worker-process.js');

const RUN_MS = 90_000;

/** Another worker in the same account, region and Temporal server, in a namespace of its own. */
export interface OtherKeelson {
  client: Client;
  keelson(...args: string[]): Promise<Ran>;
  close(): Promise<void>;
}

/**
 * @param namespace made if it is not there
 * @param variables by default it shares the bench's bucket, and with it the installation
 */
export async function openOtherKeelson(
  bench: Bench,
  namespace: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<OtherKeelson> {
  await makeNamespace(bench, namespace);
  const connection = await Connection.connect({ address: bench.stack.temporal.address });
  const children = createChildren();
  const env = { ...bench.stack.env, TEMPORAL_NAMESPACE: namespace, ...variables };
  await startWorker(children, { ...env, ...keyVariables('worker'), ...variables }, join(bench.folder, 'stack'));
  return {
    client: new Client({ connection, namespace }),
    keelson: (...args) => run(process.execPath, [`${DIST}bin/keelson.js`, ...args], env, bench.folder, RUN_MS),
    close: async () => {
      await children.stop();
      await connection.close();
    },
  };
}

async function makeNamespace(bench: Bench, namespace: string): Promise<void> {
  await bench.temporal('operator', 'namespace', 'create', namespace);
  const attributes = SEARCH_ATTRIBUTES.flatMap((name) => ['--name', name, '--type', 'Keyword']);
  const deadline = Date.now() + 30_000;
  // A new namespace is known to all parts of the server after a moment.
  for (;;) {
    const made = await bench.temporal(
      ...['operator', 'search-attribute', 'create', '--namespace', namespace, ...attributes],
    );
    if (made.code === 0) return;
    if (Date.now() > deadline) throw new Error(`the namespace ${namespace} is not usable: ${made.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
