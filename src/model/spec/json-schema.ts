import { z } from 'zod';
import { clusterSchema } from './schema.js';

/**
 * The document's JSON Schema (draft 2020-12), as people write it: what has a default may be absent. Rules between fields are
 * not in it; `keelson validate` knows them.
 */
export function jsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(clusterSchema, { io: 'input' });
  return {
    $schema,
    title: 'Keelson cluster document',
    ...rest,
  };
}
