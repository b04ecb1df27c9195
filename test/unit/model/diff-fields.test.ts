import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { classifyChange } from '#src/model/diff/classify-change.js';
import { pool, valid } from './spec/sample.js';

interface Schema {
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
}

const schema = JSON.parse(
  readFileSync(new URL('../../../schema/cluster.schema.json', import.meta.url), 'utf8'),
) as Schema;

/** Every field that has no fields of its own; those of a pool below its name, as changes are told. */
function fieldsOf(one: Schema, path: string[]): string[][] {
  const own = Object.entries(one.properties ?? {});
  const parts = [
    ...own.flatMap(([key, field]) => fieldsOf(field, [...path, key])),
    ...(one.items?.properties ? fieldsOf(one.items, [...path, 'workers']) : []),
    ...(one.anyOf ?? []).flatMap((either) => (either.properties ? fieldsOf(either, path) : [])),
  ];
  return parts.length > 0 ? parts : [path];
}

const fields = fieldsOf(schema, []);
const document = valid({ mode: 'ha', pools: [pool()] });
const verdictOf = (path: string[]) => classifyChange({ path, from: 'before', to: 'after' }, document, null);

describe('a change of each field of the document', () => {
  it.each(fields.map((path) => [path.join('.'), path] as const))('%s has an answer of its own', (_, path) => {
    const { reason, class: kind, wayAround } = verdictOf(path);
    expect(reason).not.toMatch(/does not know/);
    expect(reason).not.toBe('');
    expect(wayAround !== undefined).toBe(kind === 'recreate-refused');
  });

  // What only new nodes get is said: nothing on a node that exists would show it.
  it.each([
    ['spec.image.id'],
    ['spec.servers.rootVolume.sizeGiB'],
    ['spec.pools.workers.rootVolume.type'],
    ['spec.servers.volumes'],
    ['spec.pools.workers.volumes'],
    ['spec.pools.workers.capacityReservation.id'],
    ['spec.network.subnetIds'],
    ['spec.access.instanceProfile'],
    ['spec.tags'],
  ])('%s is for new nodes, and says so', (path) => {
    expect(verdictOf(path.split('.'))).toMatchObject({ class: 'nothing', reason: expect.stringMatching(/^new /) });
  });
});
