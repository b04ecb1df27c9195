import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { openStackFixture, type StackFixture } from './fixture.js';

const hasPrometheus = spawnSync('prometheus', ['--version']).status === 0;
if (!hasPrometheus) console.warn('prometheus is not installed: no real Prometheus scrapes the worker');

const RULES = fileURLToPath(new URL('../../deploy/prometheus/alerts.yaml', import.meta.url));

let fixture: StackFixture;
let prometheus: ChildProcess | null = null;
let url: string;
beforeAll(async () => {
  if (!hasPrometheus) return;
  fixture = await openStackFixture({ nodes: 'paper', metrics: true });
  const target = new URL(fixture.stack.metricsUrl ?? '').host;
  const file = fixture.file(
    'prometheus.yaml',
    stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [RULES],
      scrape_configs: [{ job_name: 'keelson', static_configs: [{ targets: [target] }] }],
    }),
  );
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const args = [`--config.file=${file}`, `--storage.tsdb.path=${join(fixture.folder, 'tsdb')}`];
  prometheus = spawn('prometheus', [...args, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' });
});
afterAll(async () => {
  if (prometheus !== null) {
    const ended = new Promise((resolve) => prometheus?.once('exit', resolve));
    if (prometheus.exitCode === null && prometheus.kill('SIGTERM')) await ended;
  }
  await fixture?.close();
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

interface Answer {
  data: { result: { metric: Record<string, string>; value: [number, string] }[] };
}

const query = async (text: string): Promise<Answer['data']['result']> => {
  try {
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(text)}`);
    return ((await answer.json()) as Answer).data.result;
  } catch {
    // It has not begun to listen.
    return [];
  }
};
const numberOf = async (text: string): Promise<number> => Number((await query(text))[0]?.value[1] ?? Number.NaN);

if (hasPrometheus)
  describe('a real Prometheus that scrapes a worker', () => {
    it('gets the life of a cluster: operations, steps, calls to AWS, and the count of clusters', {}, async () => {
      // Act
      for (const args of [
        ['apply', '-f', fixture.document('shop')],
        ['stop', 'shop'],
        ['start', 'shop'],
      ])
        expect((await fixture.keelson(...args, '--wait')).code).toBe(0);

      // Assess
      const within = { interval: 1_000 };
      await expect.poll(() => numberOf('up{job="keelson"}'), within).toBe(1);
      for (const kind of ['create', 'stop', 'start'])
        await expect
          .poll(() => numberOf(`sum(keelson_operation_duration_seconds_count{kind="${kind}",outcome="done"})`), within)
          .toBe(1);
      await expect.poll(() => numberOf('max(keelson_clusters{phase="Running"})'), within).toBe(1);
      expect(await numberOf('sum(keelson_aws_calls_total{action="RunInstances",class="none"})')).toBe(1);
      expect(
        await numberOf('histogram_quantile(0.9, sum by (le) (keelson_step_duration_seconds_bucket))'),
      ).toBeGreaterThan(0);
    });

    it('takes the alert rules, and fires none for a cluster that is well', async () => {
      const answer = (await (await fetch(`${url}/api/v1/rules`)).json()) as {
        data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
      };
      const rules = answer.data.groups.flatMap((group) => group.rules);
      expect(rules.length).toBeGreaterThanOrEqual(13);
      expect(rules.filter(({ health }) => health === 'err')).toEqual([]);
      expect(await query('ALERTS{alertstate="firing"}')).toEqual([]);
    });
  });
else
  describe('a real Prometheus', () => {
    it('is not installed here, so nothing scrapes', () => expect(hasPrometheus).toBe(false));
  });
