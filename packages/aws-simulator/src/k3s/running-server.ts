/** A K3s server that runs, as others find it. */
import type { Machine } from '../machine/machine.js';
import type { KubeCluster } from './cluster.js';
import type { Member } from './etcd.js';
import type { Loaded } from './secrets.js';

/** What each of a server's ways into a cluster ends with. */
export interface Membership {
  cluster: KubeCluster;
  member: Member;
}

export interface RunningServer {
  readonly machine: Machine;
  /** Its supervisor and API server answer, as far as etcd does. */
  readonly listening: boolean;
  readonly membership: Membership | null;
  /** What it goes by since its start; null before it has come up. */
  loaded: Loaded | null;
  /** The API answers here: the server is up and etcd has a leader. */
  readonly answers: boolean;
  /** Settings that a server which joins here has to share. */
  readonly critical: Record<string, string> | undefined;
  readonly version: string;
  /** Its member was removed from etcd: K3s ends itself. */
  removed(): void;
}
