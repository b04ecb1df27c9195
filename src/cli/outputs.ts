import type { Change } from '../model/diff.js';
import type { Explanation } from '../model/explain/index.js';
import type { RequestName } from '../model/requests/decide.js';
import type { ClusterEvent, Operation } from '../model/state.js';
import type { StatusView } from '../model/status.js';
import type { Accepted, DeletionProof } from '../workflows/cluster/messages.js';
import type { ProblemView } from './exit.js';
import type { RanOnNode } from './nodes/run.js';
import type { ListedBackup } from './views/backups.js';
import type { DeadLetter } from './views/dead-letters.js';
import type { Doomed } from './views/doomed.js';
import type { ListedCluster } from './views/list.js';
import type { ShownOrphan } from './views/orphans.js';
import type { Restored, RestoredInto } from './views/restored.js';
import type { Rotated } from './views/rotated.js';

/** Output of commands with `-o json` and `-o yaml`: schema/output.schema.json is generated from these types. */

interface Versioned {
  /** An addition keeps it. */
  schemaVersion: 1;
}

interface List<T> extends Versioned {
  items: T[];
}

/** One check of `keelson doctor`. */
export interface Check {
  check: string;
  /** `unknown`: no measurement, with the reason in the message; it fails nothing. */
  result: 'ok' | 'failed' | 'unknown';
  message: string;
  /** What a person can do; empty if there is nothing to do. */
  hint: string;
}

/** Of one file. */
export interface Validated {
  file: string;
  /** Name of the cluster; null for an invalid document. */
  cluster: string | null;
  problems: ProblemView[];
  warnings: ProblemView[];
}

export interface Planned {
  plan: Accepted['plan'];
  /** Changes by the document; null for a new cluster. */
  changes: Change[] | null;
  /** The document with its defaults: cluster.schema.json. */
  document: object;
  warnings: ProblemView[];
}

/** The answer to a request: one shape whether or not the command waits, and for every request. */
export interface Requested {
  cluster: string;
  request: RequestName;
  /** Operation that carries the request out; null when there is nothing to do. */
  operationId: string | null;
  message: string;
  plan: Accepted['plan'];
  heard: Accepted['heard'];
  /** For `apply` to an existing cluster: the changes by the document. */
  changes: Change[] | null;
  warnings: ProblemView[];
  /** Whether the command has waited until the end (`--wait`). */
  waited: boolean;
  /** Status at the end, when the command has waited; null for a deleted cluster. */
  status: StatusView | null;
  /** For `delete`, when the command has waited. */
  proof: DeletionProof | null;
}

/** Why a command has not ended with 0, if it has printed nothing else. */
export interface Failed {
  error: {
    exitCode: number;
    message: string;
    hint: string;
    /** Problems of a document, each with its place. */
    problems: ProblemView[];
  };
}

interface Stale {
  /** When the cluster was last observed, ISO 8601, if no worker answers: then nothing in this is measured. */
  staleSince?: string;
}

export interface PlanOutput extends Versioned, Planned {}
export interface RequestOutput extends Versioned, Requested {}

/** By command. */
export interface Outputs {
  validate: List<Validated>;
  plan: PlanOutput;
  apply: RequestOutput;
  stop: RequestOutput;
  start: RequestOutput;
  resize: RequestOutput;
  pause: RequestOutput;
  resume: RequestOutput;
  retry: RequestOutput;
  repair: RequestOutput;
  withdraw: RequestOutput;
  backup: RequestOutput;
  restore: RequestOutput;
  drill: RequestOutput;
  rotate: RequestOutput;
  delete: RequestOutput;
  'delete --dry-run': Versioned & Doomed;
  'restore --dry-run': Versioned & (Restored | RestoredInto);
  'rotate --dry-run': Versioned & Rotated;
  list: List<ListedCluster>;
  status: StatusView & Stale;
  describe: StatusView & Stale;
  explain: Explanation & Stale;
  history: List<Operation>;
  events: List<ClusterEvent>;
  'events --watch': Versioned & ClusterEvent;
  backups: Versioned & { cluster: string; backups: ListedBackup[] };
  'backups --delete': Versioned & { cluster: string; removed: number };
  orphans: List<ShownOrphan>;
  'dead-letters': List<DeadLetter>;
  logs: Versioned & RanOnNode;
  exec: Versioned & RanOnNode;
  doctor: List<Check>;
  version: Versioned & { version: string; node: string };
  error: Versioned & Failed;
}
