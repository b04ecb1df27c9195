import { slotsOf } from '../ids.js';
import { isRehearsed, restoreServer, serversOf, takesCommands } from '../restore/server.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState } from '../state.js';
import { planAdoption } from './adoption.js';
import { planBundles } from './node-files.js';
import { planArrival, planPlacement } from './running.js';
import { type Plan, PlanBuilder, stepId } from './steps.js';

/**
 * From a backup to one server that holds what it held. The backup is rehearsed on that server first, in a folder of its own: until then nothing is
 * taken from anyone. Then K3s stops on all other servers, for two clusters must not serve side by side. What follows, servers that join again and nodes
 * that are lost, is planned as ever.
 */
export function planRestore(document: ClusterDocument, state: ClusterState, now: string): Plan {
  const { failed = null } = state.restore ?? {};
  if (failed !== null) return { kind: 'restore', reason: failed.message, steps: [], blocked: failed };
  const plan = new PlanBuilder();
  planAdoption(plan, state);
  const name = restoreServer(state);
  const backup = state.restore?.backup?.id ?? state.restore?.from ?? 'the newest backup';
  const reason = `${backup} is to be restored`;
  const wanted = slotsOf(document).filter((one) => one.name === name);
  const slot = state.slots[name];
  const alone: ClusterState =
    slot === undefined ? state : { ...state, slots: { ...state.slots, [name]: { ...slot, joined: false } } };
  // On one that is up nothing has to arrive.
  if (slot === undefined || !takesCommands(state, slot)) {
    planPlacement(plan, document, alone, wanted, now);
    for (const one of wanted) planArrival(plan, document, alone, one);
  }
  planBundles(plan, document, state);
  const arrived = plan.steps.map((step) => step.id);
  const common = { slot: name, phase: 'Configuring', reason } as const;
  const rehearsed = isRehearsed(state, name)
    ? arrived
    : [
        plan.add({
          ...common,
          kind: 'rehearse',
          after: arrived,
          title: 'restore the backup in a scratch folder',
          disruption: 'node',
        }),
      ];
  const fenced = serversOf(state).flatMap((other) => {
    if (other.name === name || other.instance?.power !== 'running') return [];
    const stop = { slot: other.name, phase: 'Configuring', reason, after: rehearsed, disruption: 'cluster' } as const;
    if (!takesCommands(state, other))
      return [
        plan.add({ ...stop, kind: 'stop-instance', title: `stop ${other.instance.id}, which takes no commands` }),
      ];
    return other.service === 'running' ? [plan.add({ ...stop, kind: 'stop-service', title: 'stop K3s' })] : [];
  });
  plan.add({
    ...common,
    kind: 'restore',
    after: [...rehearsed, ...fenced, stepId('rehearse', name)],
    title: 'restore the backup and start K3s',
    disruption: 'cluster',
  });
  return { kind: 'restore', reason, steps: plan.steps };
}
