/** What each workflow in a worker's cache holds for itself, of the bundle that `npm run build` has made. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from '#src/model/spec/parse.js';
import { violationText } from '#src/model/spec/violation.js';
import { pool, sample } from '../model/spec/sample.js';

/** The SDK's own loader of workflows, which it does not export. */
interface Loader {
  createWorkflow(options: object): Promise<{ dispose(): Promise<void> }>;
  destroy(): Promise<void>;
  readonly context: { __TEMPORAL_ACTIVATOR__: { moduleCache: Map<string, unknown> } };
}
const require = createRequire(import.meta.url);
const { ReusableVMWorkflowCreator } =
  require('../../../node_modules/@temporalio/worker/lib/workflow/reusable-vm.js') as {
    ReusableVMWorkflowCreator: {
      create(bundle: object, timeoutMs: number, activities: Set<string>): Promise<Loader>;
    };
  };

const NO_SOURCES = JSON.stringify({ version: 3, sources: [], names: [], mappings: '' });

let loader: Loader;
beforeAll(async () => {
  const filename = 'dist/workflow-bundle.js';
  const bundle = { code: readFileSync(filename, 'utf8'), sourceMap: NO_SOURCES, filename };
  loader = await ReusableVMWorkflowCreator.create(bundle, 30_000, new Set());
});
afterAll(() => loader.destroy());

const NAME = 'demo';

interface Storage {
  run<T>(store: unknown, callback: () => T): T;
  getStore(): unknown;
  disable(): void;
}

interface Loaded {
  modules: string[];
  /** What workflows and the SDK keep their scopes in. */
  AsyncLocalStorage: new () => Storage;
  /** The workflow's own code that reads its input. */
  startState: (document: unknown, carried: undefined) => { document: unknown };
  dispose(): Promise<void>;
}

async function load(workflowType: string): Promise<Loaded> {
  const started = new Date(0);
  const workflow = await loader.createWorkflow({
    info: { runId: workflowType, workflowId: `cluster/${NAME}`, workflowType, startTime: started, unsafe: {} },
    randomnessSeed: [1],
    now: 0,
    showStackTraceSources: false,
  });
  const { moduleCache } = loader.context.__TEMPORAL_ACTIVATOR__;
  const { exports } = moduleCache.get('./dist/workflows/cluster/start-state.js') as { exports: Loaded };
  const sdk = moduleCache.get('./node_modules/@temporalio/workflow/lib/index.js') as { exports: Loaded };
  return {
    modules: [...moduleCache.keys()],
    AsyncLocalStorage: sdk.exports.AsyncLocalStorage,
    startState: exports.startState,
    dispose: () => workflow.dispose(),
  };
}

describe('the workflow bundle', () => {
  it('brings the lines of its sources for stacks, and not their texts, which a worker would parse at each start', () => {
    const [, map = ''] = readFileSync('dist/workflow-bundle.js', 'utf8').split(';base64,');
    const { sources, mappings, sourcesContent } = JSON.parse(Buffer.from(map, 'base64').toString());

    expect(sources.length).toBeGreaterThan(100);
    expect(mappings).not.toBe('');
    expect(sourcesContent).toBeUndefined();
  });

  it.each(['cluster', 'region-watch'])(
    'loads only modules of workflows for each %s: model and zod are shared',
    async (type) => {
      const { modules, dispose } = await load(type);
      await dispose();

      expect(modules.filter((id) => id.startsWith('./dist/workflows')).length).toBeGreaterThan(10);
      expect(modules.filter((id) => /\/model\/|node_modules\/zod\//.test(id))).toEqual([]);
    },
  );

  it.each([
    ['the least', sample()],
    ['pools', sample({ pools: [pool({ taints: ['a=b:NoSchedule'] })], tags: { team: 'shop' } })],
    ['unknown keys', sample({ servers: { replicas: 3, instanceType: 't3.medium' }, agents: 2 })],
    [
      'wrong values',
      sample({ mode: 'three', pools: [pool({ name: 'server', count: -1, taints: 'none' })], tags: { a: 1 } }),
    ],
    [
      'wrong addresses',
      sample({ access: { apiHostname: '10.0.0.300', apiCidrs: ['10.0.0.0/33'] }, image: { id: 'ami' } }),
    ],
    [
      'a wrong configuration',
      sample({ k3s: { version: 1.34, config: { disable: { a: 1 }, 'cluster-cidr': '1.2.3.4' } } }),
    ],
    [
      'everything optional',
      sample({ backup: {}, hibernation: {}, upgrade: {}, health: {}, network: {}, deletion: {} }),
    ],
  ])('reads documents with shared schemas as the model does: %s', async (_, document) => {
    // Prepare
    const { startState, dispose } = await load('cluster');
    const outside = parseDocument(document);
    // Act
    let inside: unknown;
    try {
      inside = startState(document, undefined).document;
    } catch (error) {
      inside = (error as ApplicationFailure).details;
    }
    await dispose();
    // Assess
    const wanted = outside.ok ? outside.document : outside.violations.map(violationText);
    expect(JSON.parse(JSON.stringify(inside))).toEqual(JSON.parse(JSON.stringify(wanted)));
  });

  it('gives a promise one more property for all storages of all workflows, not one for each', async () => {
    // Prepare
    const loaded = [await load('cluster'), await load('cluster'), await load('region-watch')];
    const storages = loaded.flatMap(({ AsyncLocalStorage: Kind }) => Array.from({ length: 20 }, () => new Kind()));
    const propertiesWithin = (some: readonly Storage[]): number =>
      some.reduceRight(
        (inner, storage) => () => storage.run('of one', inner),
        () => Object.getOwnPropertySymbols(Promise.resolve()).length,
      )();

    // Act
    const [one, all] = [propertiesWithin(storages.slice(0, 1)), propertiesWithin(storages)];
    for (const { dispose } of loaded) await dispose();

    // Assess
    expect(one).toBeGreaterThan(0);
    expect(all).toBe(one);
  });

  it('keeps what is stored apart: by storage and by asynchronous path, and when a workflow ends', async () => {
    // Prepare
    const [a, b] = [await load('cluster'), await load('cluster')];
    const [ofA, also, ofB] = [new a.AsyncLocalStorage(), new a.AsyncLocalStorage(), new b.AsyncLocalStorage()];
    const read = (): unknown[] => [ofA, also, ofB].map((storage) => storage.getStore());
    const later = async (): Promise<unknown[]> => {
      await Promise.resolve();
      return read();
    };

    // Act
    const paths = await Promise.all([
      ofA.run('a', async () => [await later(), await also.run('also', later), await later()]),
      ofB.run('b', async () => [await later(), await ofA.run('inner', later), await ofB.run(undefined, later)]),
    ]);
    const outside = read();
    const ended = ofB.run('b', () => {
      ofA.disable();
      return later();
    });
    await a.dispose();
    const afterwards = await ended;
    await b.dispose();

    // Assess
    expect(paths[0]).toEqual([
      ['a', undefined, undefined],
      ['a', 'also', undefined],
      ['a', undefined, undefined],
    ]);
    expect(paths[1]).toEqual([
      [undefined, undefined, 'b'],
      ['inner', undefined, 'b'],
      [undefined, undefined, undefined],
    ]);
    expect(outside).toEqual([undefined, undefined, undefined]);
    expect(afterwards).toEqual([undefined, undefined, 'b']);
  });
});
