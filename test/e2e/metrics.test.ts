import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStackFixture, type StackFixture } from './fixture.js';

let fixture: StackFixture;
let url: string;
beforeAll(async () => {
  fixture = await openStackFixture({
    nodes: 'paper',
    metrics: true,
    env: { ...process.env, KEELSON_METRICS_EMF: '1' },
  });
  url = fixture.stack.metricsUrl ?? '';
  await fixture.keelson('apply', '-f', fixture.document('measured'), '--wait');
});
afterAll(() => fixture?.close());

const scrape = async (): Promise<string> => (await fetch(url)).text();

describe('the metrics of a worker', () => {
  it('know clusters, operations, steps, events, calls to AWS and observations, beside those of Temporal', async () => {
    // A region is observed each 15 s at first.
    await expect.poll(scrape, { interval: 1_000 }).toMatch(/^keelson_region_last_observation_timestamp_seconds\{/m);
    const text = await scrape();
    expect(text).toMatch(/^keelson_operation_duration_seconds_count\{(?=.*kind="create")(?=.*outcome="done").*\} 1$/m);
    expect(text).toMatch(/^keelson_step_duration_seconds_bucket\{(?=.*kind="launch")(?=.*outcome="done").*\}/m);
    expect(text).toMatch(/^keelson_events_total\{(?=.*reason="OperationEnded").*\} 1$/m);
    expect(text).toMatch(
      /^keelson_aws_calls_total\{(?=.*action="RunInstances")(?=.*class="none")(?=.*service="ec2").*\} /m,
    );
    expect(text).toMatch(/^keelson_region_observations_total\{(?=.*outcome="whole").*\} /m);
    expect(text).toMatch(/^temporal_num_pollers/m);
    // Names and tags of clusters and nodes would make a series each.
    expect(text).not.toContain('measured');
  });

  it('count the clusters by phase, health, region and version', async () => {
    await expect
      .poll(scrape, { interval: 2_000 })
      .toMatch(
        /^keelson_clusters\{(?=.*health="Healthy")(?=.*phase="Running")(?=.*region="eu-west-1")(?=.*version="v1\.34\.2\+k3s1").*\} 1$/m,
      );
  });

  it('are lines of the embedded metric format for CloudWatch, where that is wanted', async () => {
    const last = () => {
      const log = readFileSync(join(fixture.folder, 'stack', 'worker.log'), 'utf8');
      // What follows the last end of a line is being written.
      const lines = log.split('\n').slice(0, -1);
      return JSON.parse(lines.findLast((line) => line.includes('"_aws"')) ?? '{}');
    };
    await expect.poll(last).toMatchObject({
      _aws: { CloudWatchMetrics: [{ Namespace: 'Keelson', Metrics: [{ Name: 'Clusters', Unit: 'Count' }] }] },
      phase: 'Running',
      Clusters: 1,
    });
  });
});
