/**
 * A process that reads what strangers send, with the code that a worker reads it with, and tells what it cost. It has a small heap, so that an
 * input that needs more memory ends it, and a second process can look on while it computes.
 */
import { existsSync, readFileSync } from 'node:fs';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityContext } from '#src/activities/attempt.js';
import { checkRelease } from '#src/activities/preflight/release.js';
import { jobResult } from '#src/activities/ssm/job-result.js';
import { detailOf } from '#src/aws/failure.js';
import { problemText, readDocument } from '#src/document/read.js';
import { parseEvent } from '#src/events/parse.js';
import { factsOf } from '#src/model/health/facts.js';
import { parseDocument } from '#src/model/spec/parse.js';
import { violationText } from '#src/model/spec/violation.js';
import type { ClusterState } from '#src/model/state.js';
import { reportedKey } from '#src/node-scripts/seal.js';
import { parseNodes, parseStrayMembers } from '#src/workflows/cluster/observe/parse-nodes.js';

/** What is read: bytes of config.yaml, JSON of a workflow's input, a mirror's address, stdout of a command, body of a message. */
export type Kind = 'document' | 'value' | 'mirror' | 'node' | 'message';

export interface Question {
  kind: Kind;
  input: Uint8Array;
}

export interface Answer {
  /** How the input is named, e.g. `F:1:1: document: is binary data, not text`; `accepted` where nothing is wrong with it. */
  verdict: string;
  /** Of the thread that reads, its part of garbage collection included: what the reading would take on an idle core. */
  cpuMs: number;
  /** The most that the process has ever held. */
  peakMiB: number;
}

const JOB = 'demo-verify-server-0-1';
const KNOWN = {
  document: { metadata: { name: 'demo' } },
  slots: { 'server-0': { name: 'server-0', nodeName: 'demo-server-0-g1' } },
} as unknown as Pick<ClusterState, 'document' | 'slots'>;

const text = (input: Uint8Array): string => Buffer.from(input).toString('utf8');

const READERS: Record<Kind, (input: Uint8Array) => string | Promise<string>> = {
  document: (input) => {
    const read = readDocument(input, 'F');
    return read.ok ? 'accepted' : read.problems.map(problemText).join('\n');
  },
  value: (input) => {
    const parsed = parseDocument(JSON.parse(text(input)));
    return parsed.ok ? 'accepted' : parsed.violations.map(violationText).join('\n');
  },
  mirror: async (input) => {
    const notes: string[] = [];
    const attempt = {
      signal: new AbortController().signal,
      log: { warn: (_: string, { reason }: { reason: string }) => notes.push(`unanswered: ${reason}`) },
    } as unknown as ActivityContext;
    const k3s = { version: 'v1.34.2+k3s1', mirror: text(input), sha256: { amd64: '5'.repeat(64) } };
    try {
      await checkRelease(attempt, k3s as never, 'amd64', { allowed: ['http://127.0.0.1:*'], site: null });
      return notes[0] ?? 'accepted';
    } catch (error) {
      return error instanceof ApplicationFailure ? `${detailOf(error).code}: ${error.message}` : String(error);
    }
  },
  node: (input) => {
    const stdout = text(input);
    const result = jobResult('i-1', JOB, { status: 'ended', word: 'Success', exitCode: 0, stdout, stderr: '' });
    const nodes = parseNodes(result.result, KNOWN);
    parseStrayMembers(result.result, KNOWN);
    factsOf(result.result, null, '2026-01-01T00:00:00Z', true);
    reportedKey(stdout, JOB);
    const values = Object.entries(result.result);
    const isBounded = nodes.length <= 101 && values.every(([key, value]) => key.length <= 120 && value.length <= 200);
    return isBounded ? `${result.outcome} with ${values.length} values` : 'without bounds';
  },
  message: (input) => (parseEvent(text(input)) === null ? 'no event' : 'accepted'),
};

/**
 * CPU time of this thread so far. Node gives that of the process, in which V8 compiles and collects on further threads beside the reading; how much, depends
 * on what else the machine does. Where there is no procfs the process has to do. [Linux: proc(5), /proc/pid/task/tid/schedstat; nanoseconds first]
 */
function threadMs(): number {
  const file = `/proc/self/task/${process.pid}/schedstat`;
  if (existsSync(file)) return Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6;
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

process.on('message', (question: Question) => {
  void (async () => {
    const before = threadMs();
    const verdict = await READERS[question.kind](question.input);
    const cpuMs = threadMs() - before;
    const answer: Answer = {
      verdict: verdict.slice(0, 20_000),
      cpuMs,
      peakMiB: process.resourceUsage().maxRSS / 1_024,
    };
    process.send?.(answer);
  })();
});
process.send?.('ready');
