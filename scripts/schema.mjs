// Writes schema/cluster.schema.json from the zod schema, for editors and for people without zod, and schema/output.schema.json from the
// types of what commands print. Run by `npm run schema`.
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jsonSchema } from '../dist/model/spec/json-schema.js';

const file = join(dirname(fileURLToPath(import.meta.url)), '..', 'schema', 'cluster.schema.json');
writeFileSync(file, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
console.log(`wrote ${file}`);
await import('./output-schema.mjs');
