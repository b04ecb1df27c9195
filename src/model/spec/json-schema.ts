import * as z from 'zod';
import { clusterSchema } from './schema.js';

/**
 * Returns the document's JSON Schema (draft 2020-12), as people write it: fields with a default are optional. It lacks the rules between
 * fields, which `keelson validate` checks.
 */
export function jsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(clusterSchema, { io: 'input' });
  return {
    $schema,
    title: 'Keelson cluster document',
    ...rest,
  };
}
