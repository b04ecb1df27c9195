import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemText, readDocument } from '#src/document/read.js';
import { slotsOf } from '#src/model/ids.js';
import type { ClusterDocument } from '#src/model/spec/schema.js';
import type { StatusView } from '#src/model/status.js';
import { casesOf, compose } from '../documents/compose.js';
import { openStackFixture, type StackFixture } from './fixture.js';

/** Clusters at a time: each server and agent is a process or two, on two cores. */
const AT_ONCE = 4;

const CASES = casesOf('accepted.yaml');

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

/** As the CLI reads it, under a name of its own. */
function documentOf(index: number): ClusterDocument {
  const one = CASES[index];
  if (one === undefined) throw new Error(`there is no case ${index}`);
  const read = readDocument(compose(one), 'cluster.yaml');
  if (!read.ok) throw new Error(`${one.title}: ${read.problems.map(problemText).join('\n')}`);
  return { ...read.document, metadata: { ...read.document.metadata, name: `doc-${index}` } };
}

/** Creates a cluster, waits until each node is Ready, and deletes it. Resolves with the slots that were Ready. */
async function live(document: ClusterDocument): Promise<string[]> {
  const { name } = document.metadata;
  const handle = await fixture.client.workflow.start('cluster', {
    workflowId: `cluster/${name}`,
    taskQueue: 'keelson',
    args: [document],
  });
  const ready = ({ nodes }: StatusView): string[] =>
    nodes.filter((node) => node.ready === 'True').map(({ slot }) => slot);
  await expect
    .poll(
      async () => {
        const status = await handle.query<StatusView>('status');
        return [status.phase, status.operation, ready(status).length];
      },
      { message: document.metadata.name },
    )
    .toEqual(['Running', null, slotsOf(document).length]);
  const slots = ready(await handle.query<StatusView>('status'));
  await handle.signal('delete', { confirm: name });
  await handle.result();
  return slots;
}

describe('unusual documents that are right', () => {
  it('are forty at least', () => {
    expect(CASES.length).toBeGreaterThanOrEqual(40);
  });

  it('become clusters whose nodes are all Ready', async () => {
    // Prepare
    const queue = CASES.map((_, index) => documentOf(index));
    const lived = new Map<string, string[]>();

    // Act
    const next = queue.values();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const document of next) lived.set(document.metadata.name, await live(document));
      }),
    );

    // Assess
    for (const document of queue) {
      expect(lived.get(document.metadata.name)).toEqual(slotsOf(document).map(({ name }) => name));
    }
    expect(await fixture.region('duplicates')).toEqual([]);
  });
});
