import type { Instance } from '../../../packages/aws-simulator/src/contract.js';
import type { CallEntry } from '../../../packages/aws-simulator/src/record.js';
import type { ChaosCell } from '../support/chaos-cell.js';

/** What others did so shortly before a call of ours could not be known to who sent it. */
const UNKNOWN_MS = 15_000;
const SERVERS = 3;

/**
 * Sees to it that Keelson takes no server down while another one is: by then the quorum hangs on what it stops. Only while
 * nothing but a running cluster has been asked for; a stop or delete takes all of them.
 */
export class QuorumWatch {
  readonly violations: string[] = [];
  private guards = false;
  private harmedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly cell: ChaosCell,
    private readonly cluster: string,
  ) {}

  /** All runs, and nothing else is wanted. */
  begin(): void {
    this.guards = true;
  }

  /** Servers may go down from now on. */
  end(): void {
    this.guards = false;
  }

  harmed(): void {
    this.harmedAt = Date.now();
  }

  readonly see = (moment: 'before' | 'after', { action, instanceIds }: CallEntry): void => {
    if (!this.guards || moment !== 'before' || !/^(Stop|Terminate|Reboot)Instances$/.test(action)) return;
    if (Date.now() - this.harmedAt < UNKNOWN_MS) return;
    const up = this.servers().filter(({ state }) => state === 'running');
    const taken = up.filter(({ id }) => instanceIds.includes(id));
    if (taken.length === 0 || up.length === SERVERS) return;
    const names = (list: Instance[]): string => list.map(({ tags }) => tags['keelson:slot']).join(', ');
    this.violations.push(`${action} takes ${names(taken)} down while only ${names(up)} run`);
  };

  private servers(): Instance[] {
    return [...this.cell.region.world.instances.values()].filter(
      ({ tags }) => tags['keelson:cluster'] === this.cluster && tags['keelson:slot']?.startsWith('server-'),
    );
  }
}
