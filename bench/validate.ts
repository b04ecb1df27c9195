import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { casesOf, compose } from '../test/documents/compose.js';
import { DOCUMENTS } from '../test/support/hostile/inputs.js';
import type { Row } from './report.js';

/** Promised for any document, with the start of the program, in seconds. */
const LIMIT = 0.3;

const CLI = fileURLToPath(new URL('../dist/bin/keelson.js', import.meta.url));

interface Document {
  title: string;
  text: string | Uint8Array;
}

/** A document with a manifest of a hundred KiB in it, and as many pools and settings as people write. */
function largest(): Document {
  const labels = Array.from({ length: 4_000 }, (_, index) => `              label-${index}: "value ${index}"`);
  const manifest = ['apiVersion: v1', 'kind: ConfigMap', 'metadata:', '  name: large', '  labels:'];
  const pools = Array.from(
    { length: 40 },
    (_, index) => `- { name: p${index}, count: 5, instanceType: t3.large, labels: { team: t${index} } }`,
  );
  const spec = [
    'pools:',
    ...pools.map((line) => `  ${line}`),
    'k3s:',
    '  version: v1.34.2+k3s1',
    '  manifests:',
    '    - name: large',
    '      content: |',
    ...manifest.map((line) => `        ${line}`),
    ...labels,
  ];
  return { title: 'a manifest of a hundred KiB, and forty pools', text: compose({ title: '', spec: spec.join('\n') }) };
}

/** `keelson validate -f F` as a process of its own, for every document that tests know. */
export async function benchValidate(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'keelson-validate-'));
  const known = (file: string): Document[] => casesOf(file).map((one) => ({ title: one.title, text: compose(one) }));
  try {
    const rows: Row[] = [];
    for (const [title, documents] of [
      ['accepted', known('accepted.yaml')],
      ['refused', known('refused.yaml')],
      ['hostile', DOCUMENTS.map(([what, text]) => ({ title: what, text }))],
      ['large', [largest(), largest(), largest(), largest(), largest()]],
    ] as const)
      rows.push(await measured(folder, title, documents));
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measured(folder: string, title: string, documents: readonly Document[]): Promise<Row> {
  const file = join(folder, 'cluster.yaml');
  const taken: { seconds: number; of: string }[] = [];
  for (const { title: of, text } of documents) {
    writeFileSync(file, text);
    taken.push({ seconds: await secondsOf(file), of });
  }
  taken.sort((a, b) => a.seconds - b.seconds);
  const [median, worst] = [taken[Math.floor(taken.length / 2)], taken.at(-1)];
  if (median === undefined || worst === undefined) throw new Error(`there are no ${title} documents`);
  return {
    case: `${documents.length} ${title} documents`,
    medianSeconds: median.seconds,
    worstSeconds: worst.seconds,
    limit: LIMIT,
    worst: worst.of,
  };
}

/** @throws Error when the program ends otherwise than by an answer about the document */
async function secondsOf(file: string): Promise<number> {
  const began = performance.now();
  const code = await new Promise<number | null>((resolve) => {
    const child = execFile(process.execPath, [CLI, 'validate', '-f', file], { maxBuffer: 16 * 1024 * 1024 });
    child.on('close', resolve);
  });
  if (code !== 0 && code !== 2) throw new Error(`keelson validate -f ${file} ended with ${code}`);
  return (performance.now() - began) / 1_000;
}
