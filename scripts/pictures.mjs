// The pictures of docs/images, taken of one local stack (profile `demo`): terminals, Temporal's Web UI in a create and a repair, the dashboard's panels.
//   npm run pictures               takes all of them, in about five minutes
//   npm run pictures -- FOLDER     into another folder
// Needs tmux, chromium (KEELSON_CHROMIUM, else /usr/bin/chromium), prometheus and the font DejaVu Sans Mono.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startStack } from '../packages/local-stack/dist/stack.js';
import { dashboardPicture, startPrometheus } from './pictures/dashboard.mjs';
import { documentOf } from './pictures/documents.mjs';
import { openTerminals } from './pictures/terminals.mjs';
import { openWeb } from './pictures/web.mjs';

const repository = fileURLToPath(new URL('..', import.meta.url));
const folder = resolve(process.argv[2] ?? join(repository, 'docs/images'));
mkdirSync(folder, { recursive: true });
const work = mkdtempSync(join(tmpdir(), 'keelson-pictures-'));
const bin = join(work, 'bin');
mkdirSync(bin);
writeFileSync(join(bin, 'keelson'), `#!/bin/sh\nexec node ${repository}/dist/bin/keelson.js "$@"\n`);
chmodSync(join(bin, 'keelson'), 0o755);

const stack = await startStack(process.env, { dir: join(work, 'stack'), profile: 'demo', ui: true, metrics: true });
const prometheus = await startPrometheus(join(work, 'prometheus'), stack.metricsUrl);
const browser = await chromium.launch({
  executablePath: process.env['KEELSON_CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
});
const terminals = openTerminals({
  browser,
  folder,
  cwd: work,
  env: { ...stack.variables, PATH: `${bin}:${process.env['PATH']}` },
});
// Someone ends it half-way.
process.once('exit', () => {
  terminals.close();
  prometheus.stop();
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(130));
const web = await openWeb({ browser, folder, url: stack.temporal.uiUrl });

try {
  await create();
  await others();
  await terminals.each('keelson list', 'list');
  await terminals.each('keelson status shop-eu', 'status');
  await terminals.each('keelson plan -f shop-eu-grown.yaml', 'plan');
  await repair();
  await explain();
  await timelineOfReadme();
  await dashboardPicture({ browser, folder, prometheus: prometheus.url, repository });
} finally {
  await browser.close();
  // A child that runs keeps this process from its end.
  terminals.close();
  prometheus.stop();
  await stack.stop();
  rmSync(work, { recursive: true, force: true });
}

/** Three servers and two agents, in the middle and at the end of their creation. The downloads of K3s are held meanwhile. */
async function create() {
  write('shop-eu', { count: 2, instanceType: 't3.large' });
  writeFileSync(join(work, 'shop-eu-grown.yaml'), documentOf('shop-eu', { count: 3, instanceType: 't3.xlarge' }));
  const wide = '140x40';
  await hold('download');
  terminals.type(wide, 'keelson apply -f shop-eu.yaml --wait');
  await terminals.until(wide, /server-2: install K3s/);
  await sleep(8_000);
  await terminals.shot(wide, 'create');
  await web.details('cluster/shop-eu', 'web-create-details.png');
  await web.timeline('cluster/shop-eu', 'web-create-timeline.png');
  await web.callStack('cluster/shop-eu', 'web-call-stack.png');
  await release('download');
  await terminals.idle(wide);
  await terminals.shot(wide, 'apply');
}

/** One cluster of one server in each of the other terminals. */
async function others() {
  const rest = terminals.names.filter((name) => name !== '140x40');
  for (const [index, name] of rest.entries()) {
    const cluster = ['dev', 'test', 'stage'][index];
    write(cluster);
    terminals.type(name, `keelson apply -f ${cluster}.yaml --wait`);
  }
  for (const name of rest) await terminals.idle(name);
  for (const name of rest) await terminals.shot(name, 'apply');
  await web.list('cluster/shop-eu', 'web-list.png');
}

/** Someone terminates a server; the download of its successor is held meanwhile. */
async function repair() {
  for (const name of terminals.names) terminals.type(name, 'keelson status shop-eu --watch');
  for (const name of terminals.names) await terminals.until(name, /CONDITION|conditions/);
  await hold('download');
  await terminate('server-1');
  for (const name of terminals.names) await terminals.until(name, /install K3s and join/);
  await sleep(3_000);
  for (const name of terminals.names) await terminals.shot(name, 'watch');
  await web.details('cluster/shop-eu', 'web-repair-details.png');
  await web.timeline('cluster/shop-eu', 'web-repair-timeline.png');
  await release('download');
  await terminals.leave();
  await settled();
}

async function explain() {
  await hold('download');
  await terminate('server-2');
  await terminals.attempt(terminals.names[0], 'keelson explain shop-eu', /install K3s and join/);
  await terminals.each('keelson explain shop-eu', 'explain');
  await release('download');
  await settled();
}

/** The picture of the README: a create of three servers, from its first to its last step. */
async function timelineOfReadme() {
  const [name] = terminals.names;
  writeFileSync(join(work, 'demo.yaml'), documentOf('demo', null, 'ha'));
  terminals.type(name, 'clear; keelson apply -f demo.yaml --wait');
  await terminals.idle(name);
  await web.timeline('cluster/demo', 'timeline.png');
}

function write(name, pool = null) {
  writeFileSync(join(work, `${name}.yaml`), documentOf(name, pool, pool === null ? 'dev' : 'ha'));
}

async function region(path, method = 'GET', body = undefined) {
  const answer = await fetch(`${stack.region.url}/_region/${path}`, { method, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: HTTP ${answer.status}`);
  return method === 'DELETE' ? null : await answer.json();
}

/** Spans of the kind do not end before they are released. */
async function hold(kind) {
  await region('faults', 'POST', { id: `hold-${kind}`, point: 'span', match: { kind }, hold: true });
}

async function release(kind) {
  await region(`faults/hold-${kind}`, 'DELETE');
}

async function terminate(slot) {
  const instances = await region('instances');
  const victim = instances.find(
    ({ state, tags }) =>
      state === 'running' && tags?.['keelson:cluster'] === 'shop-eu' && tags?.['keelson:slot'] === slot,
  );
  await region(`instances/${victim.id}/terminate?hard`, 'POST');
}

/** Until shop-eu is at rest and healthy again. */
async function settled() {
  const keelson = join(bin, 'keelson');
  for (;;) {
    const text = execFileSync(keelson, ['status', 'shop-eu', '-o', 'json'], {
      env: { ...process.env, ...stack.variables },
    });
    const { health, operation } = JSON.parse(text);
    if (health === 'Healthy' && operation === null) return;
    await sleep(1_000);
  }
}
