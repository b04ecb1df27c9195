import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { CallerName } from '../../packages/aws-simulator/src/credentials.js';
import { keyVariables } from '../../packages/local-stack/src/local-env.js';
import { DIST, documentOf, LOCAL_STACK, openStackFixture, run, type StackFixture } from './fixture.js';
import { NOT_RUN } from './support/not-run.js';
import { commandsOf, filesOf, pages } from './support/pages.js';

const { findTemporalCli } = (await import(
  `${LOCAL_STACK}temporal-cli.js`
)) as typeof import('../../packages/local-stack/src/temporal-cli.js');

const PAGE_MS = 240_000;
/** A watch goes on until Ctrl-C: here it is pressed after so many seconds. */
const WATCH_SECONDS = 5;
const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
  const bin = join(fixture.folder, 'bin');
  mkdirSync(bin);
  // `npx keelson` of a checkout is its built program, and so is `keelson` of the installed package.
  const program = `exec node ${DIST}bin/keelson.js "$@"\n`;
  writeFileSync(join(bin, 'npx'), `#!/bin/sh\n[ "$1" = keelson ] || exit 127\nshift\n${program}`);
  writeFileSync(join(bin, 'keelson'), `#!/bin/sh\n${program}`);
  for (const name of ['npx', 'keelson']) chmodSync(join(bin, name), 0o755);
  for (const name of ['examples', '.env.example'])
    cpSync(fileURLToPath(new URL(`../../${name}`, import.meta.url)), join(fixture.folder, name), { recursive: true });
  fixture.file('shop.yaml', stringify(SHOP));
  fixture.file('prices.yaml', 'instances: { t3.medium: 0.0456, t3.large: 0.0912 }\nvolumes: { gp3: 0.088 }\n');
});
afterAll(() => fixture?.close());

const SHOP = documentOf('shop', {
  mode: 'ha',
  pools: [{ name: 'workers', count: 1, instanceType: 't3.large' }],
});

const isListed = (page: string, command: string): boolean =>
  NOT_RUN[page]?.['*'] !== undefined || NOT_RUN[page]?.[command] !== undefined;

/** Values that a page gives as examples, and what stands for them here. */
async function substitute(printed: string): Promise<string> {
  const command = printed.replaceAll('team-a-shop', 'shop');
  if (!command.includes('2026-03-01T12:')) return command;
  await fixture.keelson('backup', 'shop', '--wait');
  return command.replace(/2026-03-01T12:\d\d/, new Date(Date.now() + 60_000).toISOString().slice(0, 16));
}

/** What a page takes for granted; by default that the cluster of shop.yaml runs. */
const PREPARE: Record<string, () => Promise<unknown>> = {
  'docs/how-to/first-cluster-on-aws.md': async () => fixture.keelson('delete', 'shop', '--yes', '--wait'),
  'docs/how-to/restore-in-another-region.md': async () => {
    await running();
    await fixture.keelson('backup', 'shop', '--wait');
  },
  'docs/how-to/backup-and-restore.md': async () => {
    await running();
    await fixture.keelson('backup', 'shop', '--wait');
  },
};
/** Who sits at the terminal, where that is not one who has `UserPolicy` alone. */
const CALLERS: Record<string, CallerName> = {
  // `UserPolicy` for its `apply`, and `CleanerPolicy` for the rest.
  'docs/how-to/orphans.md': 'admin',
};
const running = (): Promise<unknown> => fixture.keelson('apply', '-f', 'shop.yaml', '--wait');

/** Runs on a terminal, one after the other in one shell, until one fails. */
async function onTerminal(page: string, commands: readonly string[]) {
  const lines = commands.map((command) => {
    const shown = `printf '\\n$ %s\\n' ${JSON.stringify(command.split('\n')[0]).replaceAll('$', '\\$')}`;
    if (!command.includes('--watch')) return `${shown}\n${command}`;
    return `${shown}\ntimeout --foreground -s INT ${WATCH_SECONDS} ${command} || [ $? -eq 124 ]`;
  });
  const file = fixture.file(`${page.replaceAll('/', '-')}.sh`, `set -euo pipefail\n${lines.join('\n')}\n`);
  const path = [join(fixture.folder, 'bin'), dirname(resolve(await findTemporalCli(process.env))), process.env['PATH']];
  const as = keyVariables(CALLERS[page] ?? 'user');
  const env = { ...process.env, ...fixture.stack.env, ...as, PATH: path.join(':'), TERM: 'xterm' };
  const driver = fileURLToPath(new URL('./support/on-a-terminal.py', import.meta.url));
  return await run('python3', [driver, file], env, fixture.folder, PAGE_MS);
}

describe('the commands of the pages', () => {
  const listed = Object.entries(NOT_RUN).flatMap(([page, reasons]) => Object.keys(reasons).map((one) => [page, one]));

  it.each(listed)('%s: what is listed as not run is still printed: %s', (page = '', command = '') => {
    const printed = commandsOf(page);
    expect(command === '*' ? printed.length : printed.filter((one) => one === command).length).toBeGreaterThan(0);
  });

  const runnable = pages().filter((page) => commandsOf(page).some((command) => !isListed(page, command)));

  it.each(runnable)('%s: run as printed', { timeout: PAGE_MS + 60_000 }, async (page) => {
    // Prepare
    await (PREPARE[page] ?? running)();
    for (const { name, text } of filesOf(page)) fixture.file(name, text);
    const wanted = commandsOf(page).filter((command) => !isListed(page, command));
    const commands: string[] = [];
    for (const command of wanted)
      if (hasKubectl || !/\bkubectl\b/.test(command)) commands.push(await substitute(command));
      else console.warn(`${page}: not run, kubectl is not installed: ${command}`);

    // Act
    const ran = await onTerminal(page, commands);

    // Assess
    expect(ran.code, ran.stdout.slice(-3_000)).toBe(0);
  });
});
