import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { readWorkerEnvironment } from '#src/config/environment.js';

const CHART = fileURLToPath(new URL('../../../deploy/helm/keelson', import.meta.url));
const read = (name: string): string => readFileSync(`${CHART}/${name}`, 'utf8');
const values = parse(read('values.yaml')) as Record<string, unknown>;
const schema = z.fromJSONSchema(JSON.parse(read('values.schema.json')) as Parameters<typeof z.fromJSONSchema>[0]);
const templates = readdirSync(`${CHART}/templates`).map((name) => [name, read(`templates/${name}`)] as const);

/** The tool that KEELSON_HELM names, one in .tools (CONTRIBUTING tells how it gets there), or one on the path. */
const OWN_HELM = fileURLToPath(new URL('../../../.tools/helm/helm', import.meta.url));
const HELM = process.env['KEELSON_HELM'] ?? (existsSync(OWN_HELM) ? OWN_HELM : 'helm');
/** Helm that `go install` has built takes Kubernetes for 1.20. */
const KUBERNETES = ['--kube-version', '1.34.2'];
const hasHelm = spawnSync(HELM, ['version']).status === 0;
if (!hasHelm) console.warn('helm is not installed: the chart is checked without being rendered');

describe('the Helm chart', () => {
  it('has a schema that takes its values, and refuses unknown ones and secrets', () => {
    expect(schema.safeParse(values).error?.message).toBeUndefined();
    expect(schema.safeParse({ ...values, colour: 'red' }).success).toBe(false);
    expect(schema.safeParse({ ...values, replicas: 0 }).success).toBe(false);
    const withEnv = (name: string) => schema.safeParse({ ...values, env: { [name]: 'x' } }).success;
    for (const name of ['KEELSON_LOG_LEVEL', 'OTEL_EXPORTER_OTLP_ENDPOINT', 'HTTPS_PROXY'])
      expect(withEnv(name)).toBe(true);
    for (const name of [
      'TEMPORAL_API_KEY',
      'KEELSON_PAYLOAD_KEYS',
      'AWS_SECRET_ACCESS_KEY',
      'KEELSON_NOTIFY_SLACK_URL',
    ])
      expect(withEnv(name), name).toBe(false);
  });

  it('uses only values that exist', () => {
    const used = templates.flatMap(([, text]) =>
      [...text.matchAll(/\.Values\.([\w.]+)/g)].map(([, path = '']) => path),
    );
    const missing = used.filter((path) => {
      let at: unknown = values;
      for (const key of path.split('.')) at = (at as Record<string, unknown> | undefined)?.[key];
      return at === undefined;
    });
    expect(used.length).toBeGreaterThan(20);
    expect(missing).toEqual([]);
  });

  it('has no secret in its values, and makes none', () => {
    expect(templates.some(([, text]) => /^kind: Secret$/m.test(text))).toBe(false);
    expect(read('values.yaml')).not.toMatch(/^\s*\w*(password|token|apiKey)\w*:/im);
  });

  it('gives the worker an environment that it takes', async () => {
    const config = read('templates/configmap.yaml');
    const names = [...config.matchAll(/^ {2}([A-Z_]+): /gm)].map(([, name = '']) => name);
    expect(names).toEqual(expect.arrayContaining(['TEMPORAL_ADDRESS', 'KEELSON_BUCKET', 'KEELSON_METRICS_ADDRESS']));
    const env = { ...Object.fromEntries(names.map((name) => [name, ''])), TEMPORAL_ADDRESS: 'temporal:7233' };
    const bare = { ...env, TEMPORAL_NAMESPACE: 'default', AWS_REGION: 'eu-west-1', KEELSON_BUCKET: 'bucket' };
    await expect(readWorkerEnvironment(bare)).resolves.toMatchObject({ bucket: 'bucket', eventsQueueUrl: null });
  });

  if (hasHelm)
    it('is linted and rendered by helm, with everything switched on', () => {
      const set = ['--set', 'bucket=b,metrics.serviceMonitor.enabled=true,env.KEELSON_LOG_LEVEL=debug'];
      const linted = spawnSync(HELM, ['lint', '--strict', CHART, ...set], { encoding: 'utf8' });
      expect(linted.stdout + linted.stderr).toMatch(/0 chart\(s\) failed/);
      const rendered = spawnSync(HELM, ['template', 'keelson', CHART, ...KUBERNETES, ...set], { encoding: 'utf8' });
      expect(rendered.stderr).toBe('');
      const kinds = parseAllDocuments(rendered.stdout).map((one) => (one.toJS() as { kind: string }).kind);
      expect(kinds.sort()).toEqual(
        [
          'ConfigMap',
          'Deployment',
          'NetworkPolicy',
          'PodDisruptionBudget',
          'Service',
          'ServiceAccount',
          'ServiceMonitor',
        ].sort(),
      );
      const secret = ['--set', 'env.TEMPORAL_API_KEY=x'];
      const refused = spawnSync(HELM, ['template', 'keelson', CHART, ...KUBERNETES, ...set, ...secret], {
        encoding: 'utf8',
      });
      expect(refused.stderr).toContain('TEMPORAL_API_KEY');
      const bare = spawnSync(HELM, ['template', 'keelson', CHART, ...KUBERNETES], { encoding: 'utf8' });
      expect(bare.stderr).toContain('BucketName');
    });
});
