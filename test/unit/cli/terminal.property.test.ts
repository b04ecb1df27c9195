import fc from 'fast-check';
import { createColors } from 'picocolors';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CliError, EXIT } from '#src/cli/exit.js';
import { type Io, say } from '#src/cli/io.js';
import { type Format, show, showLine, tell } from '#src/cli/output.js';
import { eventsText } from '#src/cli/views/events.js';
import { explanationText } from '#src/cli/views/explain.js';
import { historyText } from '#src/cli/views/history.js';
import { listText } from '#src/cli/views/list.js';
import { orphansText, type ShownOrphan } from '#src/cli/views/orphans.js';
import { planText } from '#src/cli/views/plan.js';
import { proofText } from '#src/cli/views/proof.js';
import { statusText } from '#src/cli/views/status.js';
import { createProgress } from '#src/cli/wait/create-progress.js';
import { explain } from '#src/model/explain/index.js';
import { printableAll } from '#src/model/printable.js';
import type { StatusView } from '#src/model/status.js';
import { detailsOf } from '#src/workflows/cluster/status/web-ui.js';
import { captured } from './io.js';
import { condition, failure, node, operation, statusView, step } from './status.js';

/** Sequences that terminals obey, and what a person would take for ours. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\u001b[2J',
        '\u001b]0;x\u0007',
        '\u001b[5m',
        '\u009b5m',
        '\r',
        '\b',
        '\u202e',
        '\u2028',
        '\u007f',
        '\n',
        'API: x',
        '|',
        '`',
        '<b>',
        '[a](b)',
      ),
      fc.string({ maxLength: 4 }),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parts) => parts.join(''));

const AT = '2026-03-01T12:00:00.000Z';
/** A status in which each text that is not Keelson's own is hostile. */
const corruptedStatus = hostile.map((text): StatusView => {
  const error = failure({ code: text, message: text, hint: text, step: text, slot: text });
  const one = operation({
    kind: 'create',
    id: text,
    requestedBy: text,
    reason: text,
    steps: [step({ title: text, slot: text }), step({ title: text, outcome: 'failed', error })],
  });
  return statusView({
    phase: 'Configuring',
    apiAddress: text,
    version: text,
    nodes: [
      node({
        name: text,
        instanceId: text,
        instanceType: text,
        zone: text,
        privateIp: text,
        publicIp: text,
        k3s: text,
        doing: text,
        power: text,
      }),
    ],
    conditions: [condition({ reason: text, message: text, hint: text, status: 'False' })],
    operation: one,
    operations: [{ ...one, outcome: 'failed', endedAt: AT }],
    waiting: { for: text, since: AT, until: null },
    lastError: error,
    kept: [{ kind: 'volume', id: text, slot: text, generation: 1, at: AT } as unknown as StatusView['kept'][number]],
  });
});

/** Everything that a command shows of a status and of what goes with it. */
function showAll(io: Io, format: Format, status: StatusView): void {
  const text = status.apiAddress ?? '';
  show(io, format, status, (colors, seen) => statusText(seen, colors));
  show(io, format, explain(status), (colors, seen) => explanationText(seen, colors));
  show(io, format, status.operations, (colors) => historyText(printableAll(status), colors));
  const event = { at: AT, type: 'Warning' as const, reason: text, operation: text, message: text };
  show(io, format, [event], (colors, seen) => eventsText(seen, colors));
  const listed = {
    name: text,
    phase: text,
    health: text,
    paused: true,
    region: text,
    account: text,
    version: text,
    nodes: text,
    createdAt: AT,
  };
  show(io, format, [listed], (_, seen) => listText(seen));
  const steps = [
    {
      id: text,
      kind: 'launch' as const,
      phase: 'Provisioning' as const,
      slot: text,
      after: [],
      title: text,
      reason: text,
      disruption: 'node' as const,
    },
  ];
  const plan = {
    kind: 'update' as const,
    reason: text,
    steps,
    id: text,
    notes: [text],
    blocked: { code: 'x', message: text, hint: text },
  };
  show(io, format, plan, (colors, seen) => planText(text, seen, colors));
  tell(io, plan, (colors, seen) => planText('shop', seen, colors));
  const orphan = {
    region: text,
    cluster: text,
    uid: text,
    kind: 'instance',
    id: text,
    type: text,
    state: text,
    sizeGiB: null,
    createdAt: null,
    why: text,
    known: true,
    monthly: null,
    outcome: 'failed',
    message: text,
  } as ShownOrphan;
  show(io, format, [orphan], (_, seen) => orphansText(seen, false));
  const left = { instances: [text], volumes: [text], snapshots: [text], securityGroups: [text], bucketKeys: [text] };
  const proof = {
    cluster: text,
    uid: text,
    deletedAt: AT,
    terminated: [text],
    swept: [text],
    kept: [text],
    backupsUntil: null,
    remaining: left,
  };
  show(io, format, proof, (_, seen) => proofText(seen));
  showLine(io, event);
  const end = new CliError(EXIT.failed, text, text);
  say(io, `${end.message}\n  -> ${end.hint}`);
}

/** The colours that the views use. */
const ours = new RegExp(`${String.fromCharCode(27)}\\[(?:1|22|31|32|33|39)m`, 'g');
/** Of what is left, nothing is obeyed. */
const OBEYED = /(?![\n\t])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

describe('whatever nodes, tags, AWS and senders say', () => {
  it.each(['text', 'json', 'yaml'] as const)(
    'as %s sends nothing to a terminal that it obeys, but for our colours',
    (format) => {
      fc.assert(
        fc.property(corruptedStatus, fc.boolean(), (status, isTTY) => {
          // Prepare
          const { io, read } = captured();
          Object.assign(io.stdout, { isTTY });
          Object.assign(io.stderr, { isTTY });

          // Act
          showAll(io, format, status);

          // Assess
          const { stdout, stderr } = read();
          const rest = isTTY ? (stdout + stderr).replaceAll(ours, '') : stdout + stderr;
          expect(rest).not.toMatch(OBEYED);
        }),
      );
    },
  );

  it('is in JSON and YAML what it was', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const [format, reader] of [
          ['json', (json: string): unknown => JSON.parse(json)],
          ['yaml', (yaml: string): unknown => parse(yaml)],
        ] as const) {
          const { io, read } = captured();
          show(io, format, { text, [text]: 1 }, () => '');
          expect(reader(read().stdout)).toEqual({ schemaVersion: 1, text, [text]: 1 });
        }
      }),
    );
  });

  it('is no line of its own in a wait', () => {
    fc.assert(
      fc.property(corruptedStatus, (status) => {
        const { io, read } = captured();
        const progress = createProgress(io, 'apply shop', []);
        progress.show(status);
        progress.note(status.lastError?.message ?? '');
        expect(read().stderr).not.toMatch(OBEYED);
      }),
    );
  });

  it('is no markup, row or line of its own in the Web UI', () => {
    fc.assert(
      fc.property(corruptedStatus, (status) => {
        // Act
        const lines = detailsOf(status, 0).split('\n');

        // Assess
        const rows = lines
          .filter((line) => line.startsWith('|'))
          .map((line) => line.replaceAll(/\\./g, '').split('|').length - 2);
        expect(rows).toEqual([3, 3, 3, 3, 3, 3]);
        expect(lines.join('\n')).not.toMatch(/<b>|\[a\]\(b\)/);
        expect(lines.join('\n')).not.toMatch(OBEYED);
        expect(lines.filter((line) => line.startsWith('API:'))).toEqual([]);
      }),
    );
  });

  it('leaves our colours where they are', () => {
    const { io, read } = captured();
    Object.assign(io.stdout, { isTTY: true });
    show(io, 'text', statusView(), (colors, seen) => statusText(seen, colors));
    expect(read().stdout).toContain(createColors(true).green('Running'));
  });
});
