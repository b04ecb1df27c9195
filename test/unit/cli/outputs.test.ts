import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '#src/cli/program.js';
import { requested } from '#src/cli/requested.js';
import { COMMANDS, faultsOf } from '../../support/outputs.js';
import { captured, run } from './io.js';
import { statusView } from './status.js';

/** Prints a document, which has a schema of its own. */
const DOCUMENTS = ['get'];

describe('schema/output.schema.json', () => {
  it('has each command that prints JSON', () => {
    const printing = createProgram(captured().io).commands.filter((one: Command) =>
      one.options.some(({ long }) => long === '--output'),
    );
    const missing = printing.map((one) => one.name()).filter((name) => ![...COMMANDS, ...DOCUMENTS].includes(name));
    expect(missing).toEqual([]);
  });

  it('is kept by requests, with and without a wait: the same keys', () => {
    // Prepare
    const heard = { traceId: 't', specGeneration: 2 };
    const plan = { id: '7c', kind: 'stop' as const, reason: 'stop was asked for', steps: [] };
    const accepted = { operationId: 'op-1', message: 'stops', plan, heard };

    // Act
    const told = requested('shop', 'stop', accepted);
    const waited = requested('shop', 'stop', accepted, { waited: true, status: statusView() });

    // Assess
    expect(Object.keys(waited)).toEqual(Object.keys(told));
    for (const one of [told, waited])
      expect(faultsOf(['stop', '-o', 'json'], JSON.stringify({ schemaVersion: 1, ...one }))).toEqual([]);
  });

  it('finds what it does not name, or what is missing', () => {
    const named = { schemaVersion: 1, items: [{ check: 'Temporal', result: 'ok', message: '', hint: '', more: 1 }] };
    expect(faultsOf(['doctor', '-o', 'json'], JSON.stringify(named))).toEqual([expect.stringContaining('more')]);
    expect(faultsOf(['doctor', '-o', 'json'], '{"schemaVersion":1}')).toEqual([expect.stringContaining('items')]);
  });
});

describe('a document with problems', () => {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-outputs-'));
  const wrong = join(folder, 'wrong.yaml');
  writeFileSync(wrong, 'apiVersion: keelson/v1\nkind: Cluster\nmetadata:\n  name: Shop\nspec:\n  region: eu-west-1\n');
  const problem = { line: 4, column: 9, path: 'metadata.name', message: expect.any(String), hint: expect.any(String) };

  it.each(['plan', 'apply'])('%s tells each with its place, as validate does', async (verb) => {
    // Act
    const ran = await run([verb, '-f', wrong, '-o', 'json']);
    const validated = await run(['validate', '-f', wrong, '-o', 'json']);

    // Assess
    expect(ran.code).toBe(2);
    const { error } = JSON.parse(ran.stdout);
    expect(error).toMatchObject({ exitCode: 2, problems: expect.arrayContaining([problem]) });
    expect(JSON.parse(validated.stdout).items[0].problems).toEqual(error.problems);
    expect(faultsOf([verb, '-o', 'json'], ran.stdout)).toEqual([]);
    expect(faultsOf(['validate', '-o', 'json'], validated.stdout)).toEqual([]);
  });

  it('is reported to programs on stdout, and to people on stderr alone', async () => {
    const ran = await run(['plan', '-f', wrong]);
    expect(ran).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('wrong.yaml:4:9: metadata.name'),
    });
  });
});

describe('a command that fails', () => {
  it('prints one object with its exit code and hint', async () => {
    const ran = await run(['status', 'shop', '-o', 'json'], { env: { TEMPORAL_ADDRESS: '127.0.0.1:1' } });
    expect(ran.code).toBeGreaterThan(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ schemaVersion: 1, error: { exitCode: ran.code, problems: [] } });
    expect(faultsOf(['status', '-o', 'json'], ran.stdout)).toEqual([]);
  });
});
