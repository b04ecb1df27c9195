import { describe, expect, it } from 'vitest';
import type { Activities, PreflightInput, RunOnNodesInput } from '#src/activities/api.js';
import { parseDocument } from '#src/model/spec/parse.js';
import { DEFAULT_MIRROR } from '#src/model/spec/schema.js';
import { withMirror } from '#src/worker/mirror.js';

const SITE = 'http://mirror.site/k3s';

function recorder() {
  const seen: string[] = [];
  const activities = {
    resolveLaunchConfig: (input: PreflightInput) => {
      seen.push(input.document.spec.k3s.mirror);
      return Promise.reject(new Error('enough'));
    },
    runOnNodes: (input: RunOnNodesInput) => {
      seen.push(input.params['K3S_MIRROR'] ?? 'none');
      return Promise.resolve([]);
    },
  } as unknown as Activities;
  return { seen, activities };
}

function documentWith(mirror?: string) {
  const k3s = { version: 'v1.34.2+k3s1', ...(mirror === undefined ? {} : { mirror }) };
  const parsed = parseDocument({
    apiVersion: 'keelson/v1',
    kind: 'Cluster',
    metadata: { name: 'demo' },
    spec: { region: 'eu-west-1', mode: 'dev', servers: { instanceType: 't3.medium' }, k3s },
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.violations));
  return parsed.document;
}

describe('the mirror of a site', () => {
  it.each([
    { mirror: undefined, site: SITE, expected: SITE },
    { mirror: undefined, site: null, expected: DEFAULT_MIRROR },
    { mirror: 'https://own.example/k3s', site: SITE, expected: 'https://own.example/k3s' },
  ])('is used for $mirror with site $site: $expected', async ({ mirror, site, expected }) => {
    // Prepare
    const { seen, activities } = recorder();
    const wrapped = withMirror(activities, site);
    const document = documentWith(mirror);

    // Act
    await wrapped.resolveLaunchConfig({ document } as PreflightInput).catch(() => undefined);
    await wrapped.runOnNodes({ params: { K3S_MIRROR: document.spec.k3s.mirror } } as unknown as RunOnNodesInput);

    // Assess
    expect(seen).toEqual([expected, expected]);
  });

  it('leaves scripts alone that download nothing', async () => {
    // Prepare
    const { seen, activities } = recorder();

    // Act
    await withMirror(activities, SITE).runOnNodes({ params: { ROLE: 'server' } } as unknown as RunOnNodesInput);

    // Assess
    expect(seen).toEqual(['none']);
  });

  it.each([
    ['http://mirror.example', { allowed: null, site: null }],
    ['https://mirror.example', { allowed: ['https://other.example'], site: null }],
    ['https://169.254.169.254', { allowed: null, site: null }],
  ])('keeps %s, which the operator does not allow, from the worker and from nodes', async (mirror, policy) => {
    // Prepare
    const { seen, activities } = recorder();
    const wrapped = withMirror(activities, null, policy);
    // Act
    const asked = wrapped.resolveLaunchConfig({ document: documentWith(mirror) } as PreflightInput);
    const sent = wrapped.runOnNodes({ params: { K3S_MIRROR: mirror } } as unknown as RunOnNodesInput);
    // Assess
    for (const one of [asked, sent])
      await expect(one).rejects.toMatchObject({
        type: 'invalid',
        nonRetryable: true,
        details: [{ code: 'MirrorNotAllowed' }],
      });
    expect(seen).toEqual([]);
  });

  it('lets http pass where the binary is pinned', async () => {
    // Prepare
    const { seen, activities } = recorder();
    const params = { K3S_MIRROR: 'http://mirror.example', K3S_SHA256: 'a'.repeat(64) };
    // Act
    await withMirror(activities, null, { allowed: null, site: null }).runOnNodes({
      params,
    } as unknown as RunOnNodesInput);
    // Assess
    expect(seen).toEqual(['http://mirror.example']);
  });
});
