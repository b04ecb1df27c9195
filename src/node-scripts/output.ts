import { gunzipSync } from 'node:zlib';
import { fromNode, logFromNode, MOST_LINES } from './from-node.js';

/** Reads the job runner's output at the end of an SSM command. */

export type JobOutcome = 'done' | 'failed' | 'timed-out' | 'interrupted';

export interface JobOutput {
  jobId: string;
  outcome: JobOutcome;
  /** Exit code of the script; null without one: interrupted, or ended unobserved. */
  exitCode: number | null;
  /** The script's `key=value` lines; the last one of a repeated key. */
  result: Record<string, string>;
  /** Last lines of the job's log, secrets masked on the node. */
  logTail: string;
}

const HEAD = /^keelson-job id=(\S{1,100}) outcome=(done|failed|timed-out|interrupted) exit=(-|\d{1,10})$/;

/** `service=`, `node.shop-server-0-g1=`, `member.10.0.0.4=`: the keys that scripts write; others are ignored. */
const KEY = /^[A-Za-z][\w.:-]{0,99}=/;

/** A long result is one line, compressed: the nodes of a cluster of five hundred. [lib/job.sh, shortened] */
const PACKED = 'packed=';
/** A node may send anything: so many bytes are unpacked, and lines of so many characters are read. */
const MOST_UNPACKED = 131_072;
const MOST_PACKED_LINE = 1_000;

/**
 * @param stdout of the command's invocation; text before the runner's head line is ignored
 * @returns null without the runner's report: the command was cut, or never ran
 */
export function parseJobOutput(stdout: string): JobOutput | null {
  const lines = stdout.split(/\r?\n/);
  const start = lines.findIndex((line) => HEAD.test(line));
  const head = HEAD.exec(lines[start] ?? '');
  if (head === null) return null;
  const [, jobId = '', outcome = '', exit = ''] = head;
  const log = lines.indexOf('keelson-log', start);
  const body = unpacked(lines.slice(start + 1, log < 0 ? undefined : log));
  return {
    jobId,
    outcome: outcome as JobOutcome,
    exitCode: exit === '-' ? null : Number(exit),
    result: Object.fromEntries(
      body
        .slice(0, MOST_LINES)
        .filter((line) => KEY.test(line))
        .map((line) => [line.slice(0, line.indexOf('=')), fromNode(line.slice(line.indexOf('=') + 1))]),
    ),
    logTail:
      log < 0
        ? ''
        : logFromNode(
            lines
              .slice(log + 1)
              .join('\n')
              .trimEnd(),
          ),
  };
}

/** Returns the lines with those of the first packed one in its place; none for one that is damaged or too long. */
function unpacked(lines: readonly string[]): readonly string[] {
  const at = lines.findIndex((line) => line.startsWith(PACKED));
  if (at < 0) return lines;
  return [...lines.slice(0, at), ...unpack(lines[at]?.slice(PACKED.length) ?? ''), ...lines.slice(at + 1)];
}

function unpack(text: string): string[] {
  try {
    const bytes = gunzipSync(Buffer.from(text, 'base64'), { maxOutputLength: MOST_UNPACKED });
    return bytes
      .toString('utf8')
      .split(/\r?\n/)
      .filter((line) => line.length <= MOST_PACKED_LINE);
  } catch {
    return [];
  }
}
