import type { ExecutionInfo } from '#src/cli/clusters/execution-info.js';
import type { EventSource } from '#src/cli/wait/follow-events.js';
import type { ClusterEvent } from '#src/model/state.js';

export function event(part: Partial<ClusterEvent> = {}): ClusterEvent {
  return {
    at: '2026-03-01T12:00:00.000Z',
    type: 'Normal',
    reason: 'StepDone',
    message: 'server-0: start K3s',
    operation: 'op-1',
    ...part,
  };
}

/** A cluster with events, as it seems from outside; changed by the tests as time goes by. */
export class FakeEvents implements EventSource {
  asked = 0;
  now: ExecutionInfo = {
    ended: null,
    firstRunId: 'r',
    rests: true,
    historyLength: 10,
    unattended: false,
    taskAttempt: 0,
  };
  list: ClusterEvent[] = [];
  answer: () => Promise<ClusterEvent[]> = () => Promise.resolve([...this.list]);

  executionInfo = async (): Promise<ExecutionInfo> => this.now;
  events = async (): Promise<ClusterEvent[]> => {
    this.asked += 1;
    return await this.answer();
  };

  /** Something happens, in a workflow task as all that happens. */
  happen(...events: ClusterEvent[]): void {
    this.list = [...this.list, ...events].slice(-100);
    this.now = { ...this.now, historyLength: this.now.historyLength + 3 };
  }
}
