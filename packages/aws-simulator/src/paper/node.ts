/** A node on paper, as its jobs see it. */
import type { RunningServer } from '../k3s/running-server.js';
import type { Machine } from '../machine/machine.js';
import type { CommandReply } from '../machine/systemctl.js';
import type { SealKey } from './seal-key.js';

export interface PaperNode extends Machine {
  /** Its K3s server, while that runs. */
  readonly server: RunningServer | undefined;
  /** Made once in a disk's life. */
  sealKey(): SealKey;
  /** Asks etcd at an address to let the member vote; without an answer the loop of K3s does it later. */
  askForVote(host: string, memberId: string): void;
  /** Runs a program of the node, such as `systemctl` or `k3s`. */
  program(name: string, args: string[]): Promise<CommandReply>;
}
