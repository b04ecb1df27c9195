import { createColors } from 'picocolors';
import { describe, expect, it } from 'vitest';
import { say } from '#src/cli/io.js';
import { show, tell } from '#src/cli/output.js';
import { clipped, PLAIN, type Screen, wrapped } from '#src/cli/screen.js';
import { eventsText } from '#src/cli/views/events.js';
import { explanationText } from '#src/cli/views/explain.js';
import { foldedRows } from '#src/cli/views/fold-steps.js';
import { historyText } from '#src/cli/views/history.js';
import { listText } from '#src/cli/views/list.js';
import { planText } from '#src/cli/views/plan.js';
import { statusText } from '#src/cli/views/status.js';
import { table } from '#src/cli/views/table.js';
import { explain } from '#src/model/explain/index.js';
import type { Step } from '#src/model/plan/index.js';
import { event } from './events.js';
import { captured } from './io.js';
import { condition, failure, node, operation, statusView, step } from './status.js';

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

/** As a planner makes it: a sequence for each of so many agents, between steps of the whole cluster. */
const rollout = (agents: number): Step[] => {
  const common = { phase: 'Updating' as const, after: [], disruption: 'node' as const };
  const kinds = [
    ['drain', 'cordon and drain'],
    ['stop-service', 'stop K3s'],
    ['launch', 'launch t3.medium in'],
    ['uncordon', 'uncordon'],
  ] as const;
  const ofAgents = Array.from({ length: agents }, (_, index) => {
    const slot = `workers-${index}`;
    return kinds.map(([kind, title]) => ({
      ...common,
      ...{ id: `${kind}:${slot}`, kind, slot, reason: `${slot} is to be changed` },
      title: kind === 'launch' ? `${title} eu-west-1${'abc'[index % 3]}` : title,
    }));
  }).flat();
  const verify = { ...common, id: 'verify', kind: 'verify' as const, slot: null, title: 'verify', reason: 'done' };
  return [...ofAgents, { ...verify, disruption: 'none' }];
};
const planOf = (agents: number, screen: Screen): string[] =>
  planText(
    'shop',
    { kind: 'update', reason: 'K3s is to be v1.35.0+k3s1 '.repeat(5), steps: rollout(agents), id: 'f00' },
    colors,
    screen,
  ).split('\n');

describe.each(screens)('a plan on a terminal of $columns columns and $rows rows', (screen) => {
  it('of many nodes fits it: equal steps share a row, and the end repeats the summary', () => {
    // Act
    const lines = planOf(40, screen);

    // Assess
    expect(lines.length).toBeLessThan(screen.rows);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(screen.columns);
    expect(lines.some((line) => /^1 .*workers-0\.\.39 +cordon and drain +node/.test(line))).toBe(true);
    expect(lines.some((line) => /^3 .*workers-0\.\.39 +launch t3\.medium in \.\.\./.test(line))).toBe(true);
    expect(lines.slice(-2)).toEqual([
      'shop: update, 161 steps, disruption node (-o wide shows each in its order)',
      'plan id f00',
    ]);
  });

  it('of few nodes has a row for each step', () => {
    const lines = planOf(2, screen);
    expect(lines.filter((line) => line.includes('cordon and drain'))).toHaveLength(2);
    expect(lines.at(-2)).toMatch(/^9 /);
  });

  it('fits it where titles are long and reasons take two lines', () => {
    // Prepare
    const reason = 'its type is t3.large, t3.xlarge is wanted';
    const steps = rollout(5).map((one) => ({ ...one, reason }));
    const first = {
      ...steps[0],
      id: 'preflight',
      slot: null,
      title: 'check image, instance types, subnets and K3s release',
    } as Step;

    // Act
    const plan = { kind: 'resize' as const, reason: 'the document asks for something else', id: 'f00' };
    const lines = planText('shop', { ...plan, steps: [first, ...steps] }, colors, screen).split('\n');

    // Assess
    expect(lines.length).toBeLessThan(screen.rows);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(screen.columns);
  });

  it('with -o wide, and in a file, has a row for each step of many nodes', () => {
    for (const whole of [PLAIN, { ...screen, wide: true }])
      expect(planOf(40, whole).filter((line) => line.includes('cordon and drain'))).toHaveLength(40);
  });
});

describe('equal steps in one row', () => {
  const titled = (slots: readonly string[]) =>
    foldedRows(
      slots.map((slot): Step => {
        const said = { title: 'drain', reason: 'asked' };
        return { id: `drain:${slot}`, kind: 'drain', slot, phase: 'Updating', after: [], disruption: 'node', ...said };
      }),
    ).map(({ number, slot }) => `${number} ${slot}`);

  it('name their nodes shortly, and those of another pool apart', () => {
    expect(titled(['a-0', 'a-1', 'a-2'])).toEqual(['1 a-0..2']);
    expect(titled(['a-3', 'b-1', 'a-1'])).toEqual(['1 a-1,3', '2 b-1']);
    expect(titled([0, 2, 4, 6, 8, 10, 12].map((at) => `a-${at}`))).toEqual(['1 a-0,2,4,6,8,... (7)']);
  });
});

describe('a sentence', () => {
  it('is wrapped between words, and a word that is too long stays whole', () => {
    expect(wrapped('one two three', 8)).toBe('one two\n  three');
    expect(wrapped('one two', null)).toBe('one two');
    expect(wrapped(`a ${'b'.repeat(20)} c`, 10)).toBe(`a\n  ${'b'.repeat(20)}\n  c`);
  });

  it('keeps its own indentation, and hangs where it is told', () => {
    expect(wrapped('  ~ one two three', 12)).toBe('  ~ one two\n    three');
    expect(wrapped('  since  one two', 14, 9)).toBe('  since  one\n       two');
  });

  it.each([
    ['delete it: keelson delete shop --yes; or not', 'delete it:\n  keelson delete shop --yes;\n  or not'],
    ['then `temporal workflow show -w a`', 'then\n  `temporal workflow show -w a`'],
    ['the tag keelson:cluster of it', 'the tag keelson:cluster\n  of it'],
  ])('keeps a command whole, so that what is copied is what was meant: %s', (line, expected) => {
    expect(wrapped(line, 24)).toBe(expected);
  });
});

describe('on a terminal of 80 columns', () => {
  const screen = { columns: 80, rows: 24, wide: false };
  const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));
  const long = `the script join runs on i-0123456789abcdef0; ${'it waits for the first server '.repeat(4)}`.trim();

  it('the explanation wraps beside its labels', () => {
    // Prepare
    const running = step({ title: 'install K3s and join as server', slot: 'server-1' });
    const broken = statusView({ ...full, operation: operation({ kind: 'repair', reason: long, steps: [running] }) });

    // Act
    const text = explanationText(explain(broken, { now: NOW }), colors, NOW, screen);

    // Assess
    expect(widest(text)).toBeLessThanOrEqual(screen.columns);
    expect(text).toMatch(/^ {2}step {5}server-1: install K3s and join as server/m);
    expect(text).toMatch(/^shop is .*\n {2}\S/);
  });

  it('history wraps in its last column, with the error beside its step', () => {
    // Prepare
    const steps = [
      step({ title: 'install K3s and bootstrap the cluster (cluster-init)', slot: 'workers-12', phase: 'Configuring' }),
      step({ outcome: 'failed', error: failure({ message: long }) }),
    ];

    // Act
    const text = historyText(statusView({ operations: [operation({ reason: long, steps })] }), colors, NOW, screen);

    // Assess
    expect(widest(text)).toBeLessThanOrEqual(screen.columns);
    expect(text).toMatch(/SLOT +TOOK +OUTCOME +STEP$/m);
  });

  it('events wrap in the column of the message', () => {
    const text = eventsText([event({ message: long })], colors, NOW, screen);
    expect(widest(text)).toBeLessThanOrEqual(screen.columns);
    expect(text.split('\n')[2]).toMatch(/^ {40,}\S/);
  });

  it('so does each sentence of a command, on stdout and on stderr, but with -o wide', () => {
    // Prepare
    const { io, read } = captured();
    for (const stream of [io.stdout, io.stderr]) Object.assign(stream, { isTTY: true, columns: 80, rows: 24 });

    // Act
    show(io, 'text', null, () => long);
    tell(io, null, () => long);
    say(io, long);
    const { stdout, stderr } = read();
    show(io, 'wide', null, () => long);

    // Assess
    expect(widest(`${stdout}${stderr}`)).toBeLessThanOrEqual(screen.columns);
    expect(widest(read().stdout)).toBe(long.length);
  });
});

describe('a table', () => {
  it('leaves out nothing where the output is not a terminal, or with -o wide', () => {
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
      paused: false,
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
    expect(text).toContain('server-1: join as server (1m, longer than usual: 20s)');
  });
});
