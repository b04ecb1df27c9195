/** Jobs: scripts that run on nodes, each at most once. */
import type { CallContext } from './call.js';

/** A presigned URL made inside the activity that sends the script; the script finds it in the variable named by the key. */
export interface Presign {
  method: 'GET' | 'PUT';
  /** Key below `clusters/<name>/`, or with `of: 'backups'` below `backups/<name>/`. */
  key: string;
  of?: 'backups';
  /** Cluster of the backups, if it is another one. */
  cluster?: string;
  /** With PUT: number of the part of an upload, from 1. */
  part?: { upload: string; number: number };
}

export interface RunOnNodesInput extends CallContext {
  instanceIds: string[];
  /** Unique per script run; at most 100 characters (it is the SSM command's Comment). The same id never runs twice. */
  jobId: string;
  /** Name of a script in src/node-scripts without its ending. */
  script: string;
  /** Variables of the script; upper-case names; no secrets. */
  params: Record<string, string>;
  presign: Record<string, Presign>;
  /** Public keys of nodes that the workflow has recorded, by instance: URLs are sealed to them. A node without one reports its key. */
  keys?: Record<string, string>;
  timeoutSeconds: number;
  /** Jobs of one lock run one after the other on a node; by default the script's own lock: `node` for scripts that change the node. */
  lock?: string;
}

export interface JobResult {
  instanceId: string;
  outcome: 'done' | 'failed' | 'timed-out' | 'interrupted' | 'undelivered';
  exitCode: number | null;
  /** `key=value` lines that the script wrote to its result file. */
  result: Record<string, string>;
  /** Last lines of the job's log, secrets masked. */
  logTail: string;
  /** Commands that SSM has lost and that the worker sent again, in words. */
  notes?: string[];
  /** The node's public key, if the worker asked for it. */
  key?: string;
}
