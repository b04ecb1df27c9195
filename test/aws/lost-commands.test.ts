/** Commands that SSM loses, on the local region with the real node scripts: each is sent again, and the script runs once. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities, JobResult } from '#src/activities/api.js';
import { type AwsClients, createAwsClients } from '#src/aws/clients.js';
import { groupRulesOf } from '#src/model/security-groups/rules.js';
import { CREDENTIALS } from '../../packages/aws-simulator/src/credentials.js';
import { type Region, startRegion } from '../../packages/aws-simulator/src/server.js';
import { activitiesFor, BUCKET, documentWith, REGION, run, scopeFor } from './support/fixture.js';

const scope = scopeFor('shop');
const VERSION = 'v1.34.2+k3s1';
/** SSM's own answer is waited for half a minute before a command that it does not know is lost. */
const PATIENCE_MS = 180_000;

let dir: string;
let region: Region;
let clients: AwsClients;
let activities: Activities;
let instanceId: string;
let runs: string;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'keelson-lost-'));
  runs = join(dir, 'runs');
  region = await startRegion({ dir: join(dir, 'region'), profile: 'fast', bucket: BUCKET });
  clients = createAwsClients({
    homeRegion: REGION,
    version: 'test',
    endpoint: region.url,
    credentials: CREDENTIALS.worker,
  });
  activities = activitiesFor(clients);
  instanceId = await launched();
  countRuns();
});

afterAll(async () => {
  clients?.destroy();
  await region?.close();
  rmSync(dir, { recursive: true, force: true });
});

async function launched(): Promise<string> {
  const document = documentWith({ k3s: { version: VERSION, mirror: `${region.url}/_mirror` } });
  const { launchConfig, userData } = await run(activities.resolveLaunchConfig, { ...scope, document });
  const { groups } = await run(activities.ensureSecurityGroups, {
    ...scope,
    vpcId: launchConfig.vpcId,
    known: null,
    rules: groupRulesOf(document, true),
    tags: {},
  });
  const image = launchConfig.images.amd64;
  const [subnet] = launchConfig.subnets;
  if (image === undefined || subnet === undefined) throw new Error('the region has no image or subnet');
  const view = await run(activities.launchInstance, {
    ...scope,
    slot: 'server-0',
    generation: 1,
    nodeName: 'shop-server-0-g1',
    launch: {
      subnetId: subnet.id,
      instanceType: 't3.medium',
      imageId: image.id,
      rootDeviceName: image.rootDeviceName,
      rootVolume: { sizeGiB: 30, type: 'gp3', encrypted: true },
      securityGroupIds: [groups.server.id],
      instanceProfile: null,
      publicIp: true,
      metadataHopLimit: 1,
      userDataId: 'ud',
    },
    userData: userData.amd64?.text ?? '',
    tags: {},
  });
  await run(activities.awaitInstance, { ...scope, instanceId: view.id, until: 'agent-online' });
  return view.id;
}

/** First in the node's PATH comes a `bash` that writes down each begin of a job's script, and becomes the real one. */
function countRuns(): void {
  const bin = join(dir, 'region', 'instances', instanceId, 'bin');
  const real = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash', '/opt/homebrew/bin/bash'].find((one) =>
    existsSync(one),
  );
  mkdirSync(bin, { recursive: true });
  const lines = [
    '#!/bin/sh',
    'case "${1:-}" in */jobs/*/script)',
    `  job=\${1%/script}; printf '%s\\n' "\${job##*/}" >>'${runs}' ;;`,
    'esac',
    `exec ${real} "$@"`,
  ];
  writeFileSync(join(bin, 'bash'), `${lines.join('\n')}\n`);
  chmodSync(join(bin, 'bash'), 0o755);
}

const runsOf = (jobId: string): number =>
  readFileSync(runs, 'utf8')
    .split('\n')
    .filter((line) => line === jobId).length;

async function send(jobId: string): Promise<JobResult | undefined> {
  const [result] = await run(activities.runOnNodes, {
    ...scope,
    instanceIds: [instanceId],
    jobId,
    script: 'install',
    params: { K3S_VERSION: VERSION, K3S_MIRROR: `${region.url}/_mirror`, ARCH: 'amd64', ROLE: 'server' },
    presign: {},
    timeoutSeconds: 60,
  });
  return result;
}

const lossesOf = (jobId: string): number =>
  region.world.record.notes.filter(({ kind, data }) => kind === 'ssm-lost' && data['comment'] === jobId).length;

describe('a command that SSM loses', () => {
  it.each(
    ['before-delivery', 'after-delivery', 'after-end'].flatMap((moment) =>
      ['Undeliverable', 'Cancelled'].map((details) => ({ moment, details })),
    ),
  )(
    '$moment, and calls $details, is sent again, and its script runs once',
    async ({ moment, details }) => {
      const jobId = `shop-${moment}-${details}`;
      region.world.faults.add({
        point: 'ssm.lose',
        match: { moment, comment: jobId },
        times: 1,
        effect: 'end',
        data: { details },
      });

      const result = await send(jobId);

      expect(result).toMatchObject({ outcome: 'done', exitCode: 0, result: { version: VERSION } });
      expect(result?.notes).toEqual([
        expect.stringMatching(/^SSM lost command \S+ after \d+ s .*; sent again as \S+ \(job unchanged\)$/),
      ]);
      expect(lossesOf(jobId)).toBe(1);
      expect(runsOf(jobId)).toBe(1);
    },
    PATIENCE_MS,
  );

  it(
    'and does not know any more, wherever it was on its way, is sent again after half a minute',
    async () => {
      const moments = ['before-delivery', 'after-delivery', 'after-end'];
      for (const moment of moments)
        region.world.faults.add({
          point: 'ssm.lose',
          match: { moment, comment: `shop-forget-${moment}` },
          times: 1,
          effect: 'forget',
        });

      const results = await Promise.all(moments.map((moment) => send(`shop-forget-${moment}`)));

      expect(results.map((result) => [result?.outcome, result?.notes?.length])).toEqual(moments.map(() => ['done', 1]));
      expect(moments.map((moment) => runsOf(`shop-forget-${moment}`))).toEqual([1, 1, 1]);
    },
    PATIENCE_MS,
  );
});
