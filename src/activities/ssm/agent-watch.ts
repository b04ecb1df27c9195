import type { ActivityDeps } from '../deps.js';

const EVERY_MS = 10_000;
/** Most jobs have ended by then, and need no check. */
const FIRST_MS = 15_000;

/**
 * Asks SSM once in a while for the agents of the awaited nodes, through the shared reader, without holding up the poll: a command whose
 * agent was away may never report.
 */
export function agentWatch(deps: ActivityDeps, region: string) {
  const known = new Map<string, 'online' | 'away'>();
  let next = performance.now() + FIRST_MS;
  return {
    ask(ids: readonly string[]): void {
      if (performance.now() < next) return;
      next = performance.now() + EVERY_MS;
      for (const id of ids) {
        deps
          .readers(region)
          .agent.next(id)
          .then(
            (agent) => {
              if (agent !== undefined) known.set(id, agent.PingStatus === 'Online' ? 'online' : 'away');
            },
            // Only a second source: without it the times decide.
            () => undefined,
          );
      }
    },
    of: (id: string): 'online' | 'away' | null => known.get(id) ?? null,
  };
}
