import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readDocument } from '#src/document/read.js';
import { slotsOf } from '#src/model/ids.js';

describe.each([
  ['ha', 3],
  ['dev', 1],
  ['pools', 5],
])('examples/%s', (name, nodes) => {
  it('says the same in YAML and in JSON, and is valid', () => {
    // Act
    const yaml = readDocument(readFileSync(`examples/${name}.yaml`), `${name}.yaml`);
    const json = readDocument(readFileSync(`examples/${name}.json`), `${name}.json`);
    // Assess
    expect(yaml).toEqual(json);
    expect(yaml.ok && slotsOf(yaml.document)).toHaveLength(nodes);
  });
});
