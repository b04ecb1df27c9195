import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../../packages/aws-simulator/src/main.ts', import.meta.url));

function start(args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const line = new Promise<string>((resolve) => {
    child.stdout.setEncoding('utf8').once('data', resolve);
  });
  return { child, ended, line };
}

describe('the region as a process', () => {
  it('reports its address in one line of JSON and ends cleanly on SIGTERM', async () => {
    // Prepare
    const dir = mkdtempSync(join(tmpdir(), 'keelson-region-'));

    // Act
    const { child, ended, line } = start(['--port', '0', '--dir', dir, '--profile', 'fast', '--region', 'eu-north-1']);
    const { url } = JSON.parse(await line) as { url: string };
    const about = await (await fetch(`${url}/_region/`)).json();
    child.kill('SIGTERM');

    // Assess
    expect(about).toMatchObject({ url, profile: 'fast', regions: ['eu-north-1'] });
    expect(await ended).toBe(0);
    rmSync(dir, { recursive: true });
  });

  it('says how it is used when it is not', async () => {
    const { child, ended } = start(['--profile', 'nonsense']);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    expect(await ended).toBe(2);
    expect(said).toMatch(/--dir is missing\nusage: /);
  });
});
