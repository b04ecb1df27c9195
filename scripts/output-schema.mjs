// Writes schema/output.schema.json, the JSON Schema of all outputs, from the types in src/cli/outputs.ts, with the comments there. Open: an
// addition keeps the version. With --check it only compares. Run by `npm run schema` and `npm run check`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as tsj from 'ts-json-schema-generator';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const FILE = 'schema/output.schema.json';

/** With one property a command, e.g. `#/properties/status`. */
function outputSchema() {
  const config = {
    ...tsj.DEFAULT_CONFIG,
    path: 'src/cli/outputs.ts',
    tsconfig: 'tsconfig.json',
    type: 'Outputs',
    topRef: false,
    expose: 'export',
    jsDoc: 'extended',
    // `npm run check` does it.
    skipTypeCheck: true,
  };
  const program = tsj.createProgram(config);
  const parser = tsj.createParser(program, config, (chain) => chain.addNodeParser(documents));
  const generator = new tsj.SchemaGenerator(program, parser, tsj.createFormatter(config), config);
  const { definitions, properties, required } = open(generator.createSchema('Outputs'));
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'What keelson prints with -o json and -o yaml, by command',
    type: 'object',
    properties,
    required,
    definitions,
  };
}

/** A document has a schema of its own; its type is inferred by zod, which only zod can follow. */
const documents = {
  supportsNode: (node) => node.typeName?.escapedText === 'ClusterDocument',
  createType: () => new tsj.ObjectType('ClusterDocument', [], [], true),
};

/** Without `additionalProperties: false`. */
function open(schema) {
  if (Array.isArray(schema)) return schema.map(open);
  if (typeof schema !== 'object' || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([key, value]) => key !== 'additionalProperties' || value !== false)
      .map(([key, value]) => [key, open(value)]),
  );
}

const text = `${JSON.stringify(outputSchema(), null, 2)}\n`;
if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (readFileSync(FILE, 'utf8') !== text) {
  console.error(`${FILE} is not what src/cli/outputs.ts says: npm run schema`);
  process.exit(1);
}
