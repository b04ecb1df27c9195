import { confirmedFinding } from '../health/findings.js';
import type { WantedSlot } from '../ids.js';
import type { ClusterState } from '../state.js';
import { type PlanBuilder, stepId } from './steps.js';

/** Plans K3s on members whose service is down: all servers at once, because one alone finds no quorum; then the agents. */
export function planServices(plan: PlanBuilder, state: ClusterState, wanted: WantedSlot[]): void {
  const down = wanted.filter((one) => {
    const slot = state.slots[one.name];
    return slot?.instance && slot.joined && slot.service === 'stopped';
  });
  const started: string[] = [];
  for (const role of ['server', 'agent'] as const) {
    const after = role === 'server' ? [] : [...started];
    for (const one of down.filter((each) => each.role === role)) {
      const failed = confirmedFinding(state, one.name, 'service')?.text ?? null;
      started.push(
        plan.add({
          kind: 'start-service',
          slot: one.name,
          // Down without a command of Keelson's, on a running machine.
          phase: failed === null ? 'Starting' : 'Configuring',
          after: ['store-files', stepId('wait-for-agent', one.name), stepId('install', one.name), ...after],
          title: role === 'server' && state.slots[one.name]?.cordoned ? 'start K3s, uncordon' : 'start K3s',
          reason: failed ?? 'its service is stopped',
        }),
      );
    }
  }
}
