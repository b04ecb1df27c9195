import { describe, expect, it } from 'vitest';
import { inlineFiles } from '#src/document/inline-files.js';
import { problemText, readDocument } from '#src/document/read.js';

const NAMESPACE = 'apiVersion: v1\nkind: Namespace\nmetadata: { name: "team" }\n';
const FILES: Readonly<Record<string, string>> = { 'team.yaml': NAMESPACE, 'registries.yaml': 'mirrors: {}\n' };
const read = async (path: string) =>
  FILES[path] === undefined ? { why: `${path}: there is no such file` } : { text: FILES[path] };

const document = (manifests: string): string => `apiVersion: keelson/v1
kind: Cluster
metadata: { name: shop }
spec:
  region: eu-west-1
  mode: dev
  servers:
    instanceType: t3.medium
    node: { files: [{ path: /etc/rancher/k3s/registries.yaml, file: registries.yaml }] }
  k3s:
    version: v1.34.2+k3s1
    # Kept as it is.
    manifests:
${manifests}
  state: sleeping
`;

describe('files that a document names', () => {
  it('take the place of their names, and every line keeps its number', async () => {
    const text = document('      - name: team\n        file: team.yaml # of the team');

    const whole = await inlineFiles(text, 'F', read);

    expect(whole.problems).toEqual([]);
    expect(whole.text.split('\n')).toHaveLength(text.split('\n').length);
    expect(whole.text).toContain('# of the team');
    const told = readDocument(whole.text, 'F');
    expect(told.ok ? [] : told.problems.map(problemText)).toEqual([
      'F:16:10: spec.state: is "sleeping" (one of running, stopped)',
    ]);
    const valid = readDocument(whole.text.replace('sleeping', 'running'), 'F');
    if (!valid.ok) throw new Error('it is not valid');
    expect(valid.document.spec.k3s.manifests).toEqual([{ name: 'team', content: NAMESPACE }]);
    expect(valid.document.spec.servers.node.files[0]?.content).toBe('mirrors: {}\n');
  });

  it('that are not there are reported where they are named', async () => {
    const whole = await inlineFiles(document('      - { name: team, file: taem.yaml }'), 'F', read);

    expect(whole.problems.map(problemText)).toEqual([
      'F:14:29: spec.k3s.manifests[0].file: taem.yaml: there is no such file (a file beside the document)',
    ]);
  });

  it('are found in JSON, too', async () => {
    const json = JSON.stringify({ spec: { k3s: { manifests: [{ name: 'team', file: 'team.yaml' }] } } });

    const whole = await inlineFiles(json, 'F', read);

    expect(JSON.parse(whole.text)).toEqual({ spec: { k3s: { manifests: [{ name: 'team', content: NAMESPACE }] } } });
  });

  it.each(['- [', 'spec: { k3s: { manifests: no } }', 'file: team.yaml', ''])('leave %j as it is', async (text) => {
    expect(await inlineFiles(text, 'F', read)).toEqual({ text, changed: false, problems: [] });
  });
});

describe('a manifest of a hundred KiB', () => {
  const labels = Array.from({ length: 4_000 }, (_, index) => `    label-${index}: "value ${index}"`).join('\n');
  const large = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: large\n  labels:\n${labels}\n`;

  it.each([
    ['as the CLI writes it', `      - { name: large, content: ${JSON.stringify(large)} }`],
    ['as a block', `      - name: large\n        content: |\n${large.replace(/^/gm, '          ')}`],
  ])('is read at little cost: %s', (_how, manifests) => {
    const text = document(manifests)
      .replace('sleeping', 'running')
      .replace(', file: registries.yaml', ', content: "mirrors: {}"');
    const before = process.cpuUsage();

    const told = readDocument(text, 'F');

    const { user, system } = process.cpuUsage(before);
    expect(told.ok ? [] : told.problems.map(problemText)).toEqual([]);
    expect((user + system) / 1_000).toBeLessThan(300);
  });
});
