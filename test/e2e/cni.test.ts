import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ClusterEvent } from '#src/model/state.js';
import type { StatusView } from '#src/model/status.js';
import { nextLook, PATIENCE_MS } from '../support/patience.js';
import { textsOf } from './evidence.js';
import { openStackFixture, type StackFixture } from './fixture.js';

let fixture: StackFixture;
beforeAll(async () => {
  fixture = await openStackFixture();
});
afterAll(() => fixture?.close());

const NO_FLANNEL = { 'flannel-backend': 'none', 'disable-network-policy': true };

const CILIUM = `apiVersion: helm.cattle.io/v1
kind: HelmChart
metadata:
  name: cilium
  namespace: kube-system
spec:
  repo: https://helm.cilium.io
  chart: cilium
  version: 1.18.4
  bootstrap: true
  targetNamespace: kube-system
  valuesContent: |-
    operator: { replicas: 1 }
`;

/** Something that must not be read on the way to the nodes. */
const TEAM = `apiVersion: v1
kind: Namespace
metadata: { name: team }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: hidden, namespace: team }
data: { note: seen-by-no-one-on-the-way }
`;

const handleOf = (name: string) => fixture.client.workflow.getHandle(`cluster/${name}`);
const status = (name: string) => handleOf(name).query<StatusView>('status');
const checkedAt = (seen: StatusView): string =>
  seen.conditions.find(({ type }) => type === 'NodesReady')?.lastProbeTime ?? '';
const root = (instance: string | null | undefined): string =>
  join(fixture.folder, 'stack/region/instances', instance ?? '', 'root');
const manifestOf = (instance: string | null | undefined, name: string): string =>
  join(root(instance), 'var/lib/rancher/k3s/server/manifests', `keelson-${name}.yaml`);

async function until(name: string, holds: (seen: StatusView) => boolean): Promise<StatusView> {
  const began = performance.now();
  for (;;) {
    const seen = await status(name);
    if (holds(seen)) return seen;
    if (performance.now() > began + PATIENCE_MS)
      throw new Error(
        `never so: ${JSON.stringify([seen, await handleOf(name).query<ClusterEvent[]>('events')]).slice(0, 6_000)}`,
      );
    await nextLook(began);
  }
}

describe('a cluster whose CNI is a manifest', () => {
  const NAME = 'by-manifest';
  const document = (manifests: unknown[]): string =>
    fixture.document(NAME, {
      mode: 'ha',
      pools: [{ name: 'workers', count: 1, instanceType: 't3.medium' }],
      k3s: { version: 'v1.34.2+k3s1', config: NO_FLANNEL, manifests },
      health: { gracePeriod: '10s' },
    });

  it('becomes Ready with it: the text of a file beside the document reaches every server and no command of SSM', async () => {
    // Prepare
    fixture.file('cilium.yaml', CILIUM);
    const file = document([
      { name: 'cilium', file: 'cilium.yaml' },
      { name: 'team', content: TEAM },
    ]);

    // Act
    const applied = await fixture.keelson('apply', '-f', file, '--wait');

    // Assess
    expect(applied.code, applied.stderr).toBe(0);
    const { nodes } = await status(NAME);
    expect(nodes.map(({ slot, ready }) => `${slot} ${ready}`)).toEqual([
      'server-0 True',
      'server-1 True',
      'server-2 True',
      'workers-0 True',
    ]);
    const [first, second, third, agent] = nodes.map(({ instanceId }) => instanceId);
    for (const server of [first, second, third])
      expect(readFileSync(manifestOf(server, 'cilium'), 'utf8')).toBe(CILIUM);
    expect(existsSync(manifestOf(agent, 'cilium'))).toBe(false);
    const { commands } = await textsOf(fixture, NAME);
    expect(commands).not.toContain('seen-by-no-one');
    expect(commands).not.toContain(Buffer.from(TEAM).toString('base64').slice(0, 40));
  });

  it('gets a changed manifest, and loses the resources of one that is taken out, without a restart', async () => {
    // Prepare
    const before = await status(NAME);
    const changed = CILIUM.replace('1.18.4', '1.18.5');
    const file = document([{ name: 'cilium', content: changed }]);

    // Act
    const planned = await fixture.keelson('plan', '-f', file);
    const applied = await fixture.keelson('apply', '-f', file, '--wait');

    // Assess
    expect(planned.stdout).toContain('put cilium in place; delete the resources of team');
    expect(planned.stdout).not.toContain('restart K3s');
    expect(applied.code, applied.stderr).toBe(0);
    const after = await status(NAME);
    for (const { role, instanceId } of after.nodes) {
      if (role !== 'server') continue;
      expect(readFileSync(manifestOf(instanceId, 'cilium'), 'utf8')).toBe(changed);
      expect(existsSync(manifestOf(instanceId, 'team'))).toBe(false);
    }
    expect(after.operations.at(-1)?.steps.map(({ kind }) => kind)).toEqual(['store-files', 'set-manifests', 'verify']);
    expect(after.nodes.map(({ instanceId }) => instanceId)).toEqual(before.nodes.map(({ instanceId }) => instanceId));
    const job = readJobs(after.nodes.find(({ slot }) => slot === 'server-0')?.instanceId, 'delete-manifests');
    expect(job).toContain('namespace "team" deleted');
    expect(job).toContain('configmap "hidden" deleted');
    expect(job).toContain('"keelson-team" deleted');
  });

  it('gives a server that replaces another the same manifests', async () => {
    // Prepare
    const born = await status(NAME);
    const lost = born.nodes.find(({ slot }) => slot === 'server-1')?.instanceId;

    // Act
    await fixture.region(`instances/${lost}/terminate?hard`, { method: 'POST' });
    const repaired = await until(
      NAME,
      (seen) => seen.operations.at(-1)?.kind === 'repair' && seen.operation === null && seen.health === 'Healthy',
    );

    // Assess
    const replaced = repaired.nodes.find(({ slot }) => slot === 'server-1');
    expect(replaced?.instanceId).not.toBe(lost);
    expect(replaced?.ready).toBe('True');
    expect(readFileSync(manifestOf(replaced?.instanceId, 'cilium'), 'utf8')).toContain('1.18.5');
  });

  it('leaves nothing when it is deleted, in the bucket neither', async () => {
    // Act
    const deleted = await fixture.keelson('delete', NAME, '--yes', '--wait');

    // Assess
    expect(deleted).toMatchObject({ code: 0 });
    expect(await fixture.region('leftovers')).toMatchObject({ total: 0 });
    expect(await fixture.region('duplicates')).toEqual([]);
  });
});

describe('a cluster without a CNI', () => {
  const NAME = 'networkless';

  it('is created, says why its nodes are not Ready, and keeps them', async () => {
    // Prepare
    const file = fixture.document(NAME, {
      mode: 'dev',
      k3s: { version: 'v1.34.2+k3s1', config: NO_FLANNEL },
      health: { gracePeriod: '10s' },
    });

    // Act
    const applied = await fixture.keelson('apply', '-f', file, '--wait');
    const seen = await status(NAME);
    const kubeconfig = await fixture.keelson('kubeconfig', NAME);

    // Assess
    expect(applied.code, applied.stderr).toBe(0);
    expect(seen).toMatchObject({ phase: 'Running', operation: null });
    const ready = seen.conditions.find(({ type }) => type === 'NodesReady');
    expect(ready).toMatchObject({ status: 'False' });
    expect(ready?.message).toContain('no CNI runs');
    expect(kubeconfig.stdout).toContain('https://');
    // What counts of health is what two looks in a row have seen: none of it leads to a repair.
    for (let looks = 0; looks < 3; looks += 1) {
      const before = checkedAt(await status(NAME));
      await handleOf(NAME).signal('reconcile');
      await until(NAME, (later) => checkedAt(later) > before);
    }
    const later = await status(NAME);
    expect(later.operations.map(({ kind }) => kind)).toEqual(['create']);
    expect(later.nodes[0]?.instanceId).toBe(seen.nodes[0]?.instanceId);
    expect(later.health).not.toBe('Healthy');
  });

  it('is Healthy as soon as one is installed', async () => {
    // Act
    const [node] = (await status(NAME)).nodes;
    mkdirSync(join(manifestOf(node?.instanceId, 'x'), '..'), { recursive: true });
    writeFileSync(join(manifestOf(node?.instanceId, 'x'), '../by-hand.yaml'), CILIUM);
    await handleOf(NAME).signal('reconcile');

    // Assess
    const seen = await until(NAME, (one) => one.health === 'Healthy');
    expect(seen.nodes.map(({ ready }) => ready)).toEqual(['True']);
    expect((await fixture.keelson('delete', NAME, '--yes', '--wait')).code).toBe(0);
  });
});

/** Logs of the jobs of a script on an instance. */
function readJobs(instance: string | null | undefined, script: string): string {
  const jobs = join(root(instance), 'var/lib/keelson/jobs');
  return readdirSync(jobs)
    .filter((job) => job.includes(`-${script}-`))
    .map((job) => readFileSync(join(jobs, job, 'log'), 'utf8'))
    .join('');
}
