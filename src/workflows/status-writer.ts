import { CancellationScope } from '@temporalio/workflow';
import type { StatusView } from '../model/status.js';
import { activities } from './activities.js';
import { type Cluster, emit, isCancelled, scopeOf } from './cluster-context.js';

export interface StatusWriter {
  /** Says that status.yaml is out of date. */
  touch(status: StatusView): void;
  /** Resolves when the last state that was touched is written (or given up). */
  settled(): Promise<void>;
}

/**
 * Writes status.yaml behind the work, one write at a time; what changes meanwhile goes into the next write, so that many
 * quick steps cost few writes. A status that cannot be written is said in the events and holds nothing up.
 */
export function createStatusWriter(cluster: Cluster): StatusWriter {
  let latest: StatusView | null = null;
  let busy: Promise<void> | null = null;
  const digest = (status: StatusView): string => `${status.phase} ${status.nodes.filter((node) => node.ready === 'True').length}/${status.nodes.length}`;

  const drain = async (): Promise<void> => {
    while (latest !== null) {
      const status = latest;
      latest = null;
      try {
        await activities.writeStatus(`write status.yaml: ${digest(status)}`, { ...scopeOf(cluster), status });
      } catch (error) {
        if (isCancelled(error)) return;
        emit(cluster, 'Warning', 'StatusNotWritten', `status.yaml could not be written: ${error instanceof Error ? error.message : String(error)}`);
        return;
      }
    }
  };

  return {
    touch(status) {
      latest = status;
      busy ??= CancellationScope.nonCancellable(drain).finally(() => {
        busy = null;
      });
    },
    async settled() {
      while (busy !== null) await busy;
    },
  };
}
