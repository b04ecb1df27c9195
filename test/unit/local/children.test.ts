import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createChildren } from '../../../packages/local-stack/src/children.js';
import { freePort } from '../../../packages/local-stack/src/ports.js';
import { findTemporalCli } from '../../../packages/local-stack/src/temporal-cli.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'keelson-children-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('children', () => {
  it('are stopped with all that they have started', async () => {
    // Prepare
    const children = createChildren();
    let output = '';
    const child = children.start({
      name: 'family',
      command: 'sh',
      args: ['-c', 'sleep 300 & echo $!; wait'],
      env: process.env,
      logFile: join(folder, 'log'),
      onOutput: (text) => {
        output += text;
      },
    });
    await expect.poll(() => output).toMatch(/^\d+\n/);

    // Act
    await children.stop();

    // Assess
    expect(child.isRunning()).toBe(false);
    await expect.poll(() => isAlive(Number(output))).toBe(false);
  });

  it('tell how they ended and what they said last', async () => {
    // Prepare
    const children = createChildren();

    // Act
    const child = children.start({
      name: 'sad',
      command: 'sh',
      args: ['-c', 'echo one; echo two >&2; exit 3'],
      env: process.env,
      logFile: join(folder, 'log'),
    });
    const code = await child.ended;
    await children.stop();

    // Assess
    expect(code).toBe(3);
    expect(child.logTail(1)).toBe('two');
  });

  it('that cannot be started say so', () => {
    const children = createChildren();
    expect(() =>
      children.start({ name: 'x', command: join(folder, 'nothing'), args: [], env: {}, logFile: join(folder, 'log') }),
    ).toThrow(/x: .*could not be started/);
    return children.stop();
  });
});

describe('ports', () => {
  it('are free, and differ from one that is taken', async () => {
    // Prepare
    const { createServer } = await import('node:net');
    const server = createServer();
    const taken = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    );

    // Act
    const port = await freePort(taken);
    server.close();

    // Assess
    expect(port).toBeGreaterThan(0);
    expect(port).not.toBe(taken);
  });
});

describe('the Temporal CLI', () => {
  it('is the one that TEMPORAL_CLI names', async () => {
    expect(await findTemporalCli({ TEMPORAL_CLI: '/bin/sh', PATH: '' })).toBe('/bin/sh');
  });

  it('says what to do when TEMPORAL_CLI names nothing', async () => {
    await expect(findTemporalCli({ TEMPORAL_CLI: folder })).rejects.toThrow(/not an executable file.*set TEMPORAL_CLI/);
  });
});

/** One that has ended but that no one has waited for yet is not alive. */
function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}
