import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { INTERCEPTORS } from '#src/cli/clusters/interceptors.js';
import { SEARCH_ATTRIBUTES } from '#src/config/search-attributes.js';
import { keyVariables } from '../../../packages/local-stack/src/local-env.js';
import { PATIENCE_MS } from '../../support/patience.js';
import { DIST, LOCAL_STACK, type Ran, run, type StackFixture } from '../fixture.js';

const { createChildren } = (await import(
  `${LOCAL_STACK}children.js`
)) as typeof import('../../../packages/local-stack/src/children.js');
const { startWorker } = (await import(
  `${LOCAL_STACK}worker-process.js`
)) as typeof import('../../../packages/local-stack/src/worker-process.js');

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
  fixture: StackFixture,
  namespace: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<OtherKeelson> {
  await makeNamespace(fixture, namespace);
  const connection = await Connection.connect({
    address: fixture.stack.temporal.address,
    interceptors: INTERCEPTORS,
  });
  const children = createChildren();
  const env = { ...fixture.stack.env, TEMPORAL_NAMESPACE: namespace, ...variables };
  await startWorker(children, { ...env, ...keyVariables('worker'), ...variables }, join(fixture.folder, 'stack'));
  return {
    client: new Client({ connection, namespace }),
    keelson: (...args) => run(process.execPath, [`${DIST}bin/keelson.js`, ...args], env, fixture.folder, PATIENCE_MS),
    close: async () => {
      await children.stop();
      await connection.close();
    },
  };
}

async function makeNamespace(fixture: StackFixture, namespace: string): Promise<void> {
  await fixture.temporal('operator', 'namespace', 'create', namespace);
  const attributes = SEARCH_ATTRIBUTES.flatMap((name) => ['--name', name, '--type', 'Keyword']);
  const deadline = Date.now() + PATIENCE_MS;
  // A new namespace is known to all parts of the server after a moment.
  for (;;) {
    const made = await fixture.temporal(
      ...['operator', 'search-attribute', 'create', '--namespace', namespace, ...attributes],
    );
    if (made.code === 0) return;
    if (Date.now() > deadline) throw new Error(`the namespace ${namespace} is not usable: ${made.stderr}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}
