import { createColors } from 'picocolors';
import { describe, expect, it } from 'vitest';
import { clipped, PLAIN } from '../../../src/cli/screen.js';
import { listText } from '../../../src/cli/views/list.js';
import { statusText } from '../../../src/cli/views/status.js';
import { table } from '../../../src/cli/views/table.js';
import { condition, node, operation, statusView, step } from './status.js';

const NOW = Date.parse('2026-03-01T12:01:00.000Z');
const colors = createColors(false);
const screens = [
  { columns: 80, rows: 24, wide: false },
  { columns: 140, rows: 40, wide: false },
];
const full = statusView({
  nodes: ['server-0', 'server-1', 'server-2', 'workers-0'].map((slot) =>
    node({
      slot,
      name: `shop-${slot}-g12`,
      instanceId: 'i-0123456789abcdef0',
      zone: 'eu-west-1a',
      publicIp: '203.0.113.17',
    }),
  ),
  conditions: [
    condition({ type: 'InstancesRunning' }),
    condition({
      status: 'False',
      reason: 'Some',
      message: `2 of 3 nodes are Ready; ${'server-1: is not Ready '.repeat(9)}`,
    }),
    ...Array.from({ length: 16 }, (_, index) => condition({ type: `Holds${index}` })),
  ],
});

describe.each(screens)('on a terminal of $columns columns and $rows rows', (screen) => {
  it('the status fits its width, between words, and folds what is True', () => {
    const text = statusText(full, colors, NOW, screen);
    const tables = text.split('\n').slice(2);
    expect(Math.max(...tables.map((line) => line.length))).toBeLessThanOrEqual(screen.columns);
    expect(text).toContain('i-0123456789abcdef0');
    expect(text).toContain('17 conditions are True (-o wide shows them)');
  });

  it('a server that is replaced costs one line for all that is not measured meanwhile', () => {
    const unmeasured = Array.from({ length: 12 }, (_, index) =>
      condition({
        type: `Server${index}`,
        status: 'Unknown',
        reason: 'NotMeasured',
        message: 'not measured: server-1',
      }),
    );
    const text = statusText({ ...full, conditions: [...full.conditions, ...unmeasured] }, colors, NOW, screen);
    expect(text).not.toContain('NotMeasured');
    expect(text).toContain('12 conditions are not measured now, 17 conditions are True (-o wide shows them)');
  });

  it('what is watched fits the height, too, and says how much is left out', () => {
    const busy = { ...full, operation: operation({ steps: Array.from({ length: 60 }, () => step()) }) };
    const lines = clipped(statusText(busy, colors, NOW, screen), screen).split('\n');
    expect(lines.length).toBeLessThan(screen.rows);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(screen.columns);
    expect(lines.at(-1)).toMatch(/^\.\.\. \d+ more lines/);
  });
});

describe('a table', () => {
  it('leaves out nothing where the output is no terminal, or with -o wide', () => {
    for (const screen of [PLAIN, { columns: 40, rows: 10, wide: true }])
      expect(statusText(full, colors, NOW, screen)).toMatch(/203\.0\.113\.17/);
  });

  it('leaves out spare columns, those with the highest number first', () => {
    const head = ['name', { name: 'zone', spare: 1 }, { name: 'public', spare: 2 }, 'type'];
    const rows = [['n'.repeat(30), 'eu-west-1a', '203.0.113.17', 't3.medium']];
    expect(table(head, rows, { columns: 60, rows: null, wide: false }).split('\n')[0]).toMatch(/^NAME +ZONE +TYPE$/);
  });

  it('has colours by health', () => {
    const listed = {
      name: 'shop',
      phase: 'Failed',
      health: 'Unhealthy',
      region: null,
      account: null,
      version: null,
      nodes: null,
      createdAt: '2026-03-01T12:00:00.000Z',
    };
    const painted = createColors(true);
    expect(listText([listed], NOW, painted)).toContain(painted.red('Unhealthy'));
  });
});

describe('the expected time of a step', () => {
  it('is from its own past', () => {
    const past = operation({
      outcome: 'done',
      steps: [step({ outcome: 'done', endedAt: '2026-03-01T12:00:20.000Z' })],
    });
    const text = statusText(statusView({ operations: [past], operation: operation({ steps: [step()] }) }), colors, NOW);
    expect(text).toContain('server-1: join as server (1m of usually 20s)');
  });
});
