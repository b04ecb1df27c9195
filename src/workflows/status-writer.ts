import { CancellationScope } from '@temporalio/workflow';
import type { StatusView } from '../model/status.js';
import { activities } from './activities.js';
import { type Cluster, emit, isCancelled, scopeOf } from './cluster-context.js';

export interface StatusWriter {
  /** Says that status.yaml is out of date. */
  touch(status: StatusView): void;
  /** Resolves when the last state that was touched is written (or given up). */
  settled(): Promise<void>;
  /** Writes nothing more: the bucket keys are about to be deleted for good. Resolves when no write is under way. */
  close(): Promise<void>;
}

/**
 * Writes status.yaml behind the work, one write at a time; what changes meanwhile goes into the next write, so that many
 * quick steps cost few writes. A status that cannot be written is said in the events and holds nothing up.
 */
export function createStatusWriter(cluster: Cluster): StatusWriter {
  let latest: StatusView | null = null;
  let busy: Promise<void> | null = null;
  let closed = false;
  /** What status.yaml holds; a quiet cluster that was looked at and is as it was is not written again. */
  let written = '';
  const digest = (status: StatusView): string =>
    `${status.phase} ${status.nodes.filter((node) => node.ready === 'True').length}/${status.nodes.length}`;

  const drain = async (): Promise<void> => {
    while (latest !== null) {
      const status = latest;
      latest = null;
      const text = JSON.stringify(status);
      if (text === written) continue;
      try {
        await activities.writeStatus(`write status.yaml: ${digest(status)}`, { ...scopeOf(cluster), status });
        written = text;
      } catch (error) {
        if (isCancelled(error)) return;
        emit(
          cluster,
          'Warning',
          'StatusNotWritten',
          `status.yaml could not be written: ${error instanceof Error ? error.message : String(error)}`,
        );
        return;
      }
    }
  };

  const settled = async (): Promise<void> => {
    while (busy !== null) await busy;
  };

  return {
    touch(status) {
      if (closed) return;
      latest = status;
      busy ??= CancellationScope.nonCancellable(drain).finally(() => {
        busy = null;
      });
    },
    settled,
    async close() {
      closed = true;
      latest = null;
      await settled();
    },
  };
}
