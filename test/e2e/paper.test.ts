import { describe, expect, it } from 'vitest';
import { openStackFixture } from './fixture.js';
import { liveALife, type Report } from './support/life.js';

/** Values that differ from run to run, anyone who answers: ids, addresses, times, sums, sizes. */
const MASKS: [RegExp, string][] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uuid>'],
  [/\b[0-9a-f]{64}\b/g, '<sha256>'],
  [/\b[0-9a-f]{12}\b/g, '<hash>'],
  [/\b\d+\.\d+\.\d+\.\d+\b/g, '<address>'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\dZ\b/g, '<time>'],
  [/-\d{10}\b/g, '-<seconds>'],
];
/** Numbers that are measured, who compresses with what, and whether the first boot or the job was the first to install. */
const MEASURED = new Set([
  'changed',
  'clock',
  'disk-free-mib',
  'disk-used-percent',
  'size',
  'revision',
  'compression',
  'started-with',
]);
/** What a script sees of the other nodes depends on who was quicker, and a look on when it falls. */
const SEEN = /^(node\.|member\.|voters$|count\.)/;

function masked({ result }: Report): Record<string, string> {
  return Object.fromEntries(
    Object.entries(result)
      .filter(([key]) => !SEEN.test(key))
      .map(([key, value]) => [
        key,
        MEASURED.has(key) ? '<measured>' : MASKS.reduce((text, [mask, name]) => text.replace(mask, name), value),
      ])
      .sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
  );
}

/** Every different report of each script, as texts. */
function kindsOf(reports: readonly Report[]): Record<string, string[]> {
  const kinds: Record<string, Set<string>> = {};
  for (const report of reports) {
    const { script, params, outcome, exitCode } = report;
    const text = JSON.stringify({ params, outcome, exitCode, result: masked(report) });
    kinds[script] = (kinds[script] ?? new Set()).add(text);
  }
  return Object.fromEntries(Object.entries(kinds).map(([script, texts]) => [script, [...texts].sort()]));
}

const LOOKS = ['probe', 'verify'];
const changes = (kinds: Record<string, string[]>) =>
  Object.fromEntries(Object.entries(kinds).filter(([script]) => !LOOKS.includes(script)));
const keysOf = (reports: readonly Report[], script: string): string[] =>
  [
    ...new Set(
      reports
        .filter((one) => one.script === script && one.outcome === 'done')
        .flatMap(({ result }) => Object.keys(result).map((key) => key.replace(/^(node|member|differs)\..*/, '$1'))),
    ),
  ].sort();

describe('a life of a cluster on nodes on paper', () => {
  it('has the reports of a life on nodes that run the scripts, key by key', async () => {
    // Act
    const lives: Record<string, Report[]> = {};
    for (const nodes of ['folders', 'paper'] as const) {
      const fixture = await openStackFixture({ nodes });
      try {
        lives[nodes] = await liveALife(fixture);
        expect(await fixture.region('leftovers'), nodes).toMatchObject({ total: expect.any(Number), instances: [] });
        expect(await fixture.region('duplicates'), nodes).toEqual([]);
      } finally {
        await fixture.close();
      }
    }

    // Assess
    const { folders = [], paper = [] } = lives;
    expect(folders.length).toBeGreaterThan(20);
    expect(changes(kindsOf(paper))).toEqual(changes(kindsOf(folders)));
    for (const script of LOOKS) expect(keysOf(paper, script), script).toEqual(keysOf(folders, script));
  });
});
