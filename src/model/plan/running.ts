import { backupServer } from '../backup/server.js';
import type { Care } from '../care/care.js';
import { believed } from '../care/findings.js';
import { ghostsOf } from '../care/ghosts.js';
import { slotsOf, type WantedSlot } from '../ids.js';
import { isImageTooOld } from '../image-age.js';
import { instancesOf } from '../instances-of.js';
import { isOutdated } from '../kubeconfig.js';
import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState } from '../state.js';
import { lacksVolumes } from '../volumes/wanted.js';
import { planAdoption, planInspection } from './adoption.js';
import { planChanges, planDepartures } from './changes.js';
import { typeDiffers, typeFor } from './instance-type.js';
import { planBundles, planManifests } from './node-files.js';
import { planNodeLabels } from './node-labels.js';
import { planRepair, planRetirement, withoutInstance } from './repairing.js';
import { planRotation } from './rotating.js';
import { planInstanceGroups, planSecurityGroups } from './security-groups.js';
import { BACKUP_TITLE, PlanBuilder, QUIET, type Step, stepId } from './steps.js';
import { apiAddressOf, placementKeyOf, publisherOf } from './wanted.js';

/**
 * Steps from the facts in `state` to a running cluster. New nodes go side by side, each as fast as it can; changes to nodes
 * that serve go one server after the other behind the gate, then the agents as `spec.upgrade.maxUnavailable` allows; what is too many goes last.
 */
export function planRunning(document: ClusterDocument, carried: ClusterState, care: Care, now: string): Step[] {
  const plan = new PlanBuilder();
  if (carried.adoption === 'inspecting') return planInspection(carried);
  const { repair } = care;
  const wanted = slotsOf(document).filter((one) => !care.parked.has(one.name));
  const mute = wanted.flatMap(({ name }) => (carried.slots[name]?.instance?.unregistered ? carried.slots[name] : []));
  // What is to be replaced is planned as if it were gone, after what takes it away.
  const leaving = repair?.remedy === 'replace' ? [...mute, repair.slot] : mute;
  const state = leaving.reduce(withoutInstance, carried);
  planAdoption(plan, state);
  planPlacement(plan, document, state, wanted, now);
  planInstanceGroups(plan, document, state);
  planBundles(plan, document, state);
  planTidying(plan, document, state);
  if (repair !== null) planRepair(plan, document, carried, repair);
  for (const slot of mute) planRetirement(plan, slot);
  // What is stopped and started for its own good has those steps already.
  const cycled = repair?.remedy === 'power-cycle' ? repair.slot.name : null;
  for (const one of wanted) if (one.name !== cycled) planArrival(plan, document, state, one);
  planServices(
    plan,
    state,
    wanted.filter((one) => !care.resting.has(one.name) && one.name !== cycled),
  );
  for (const one of wanted) planMembership(plan, state, one);
  let before = plan.steps
    .filter((step) => ['start-service', 'found', 'join'].includes(step.kind))
    .map((step) => step.id);
  before = planBackup(plan, document, state, before);
  before = planRotation(plan, state, before);
  before = planChanges(
    plan,
    document,
    state,
    wanted.filter((one) => one.name !== repair?.slot.name),
    before,
  );
  planNodeLabels(plan, document, state);
  planManifests(plan, document, state);
  planDepartures(plan, document, state, before);
  planProof(plan, document, state, care);
  return plan.steps;
}

/**
 * A backup before the first server is upgraded, for a document that asks for backups: K3s does not go back to an older version. Once in an
 * operation; one that fails is told and holds up nothing.
 */
function planBackup(plan: PlanBuilder, document: ClusterDocument, state: ClusterState, before: string[]): string[] {
  const { backup, k3s } = document.spec;
  if (backup === undefined || state.bornAt === null) return before;
  const upgrades = Object.values(state.slots).some(
    ({ role, joined, service, installed }) =>
      role === 'server' && joined && service === 'running' && installed !== k3s.version,
  );
  const isTaken = state.operation?.steps.some(({ kind, outcome }) => kind === 'backup' && outcome === 'done') === true;
  const server = backupServer(state);
  if (!upgrades || isTaken || server === null) return before;
  const reason = `K3s ${k3s.version} is about to be installed`;
  return [
    plan.add({
      kind: 'backup',
      slot: server.name,
      phase: 'Updating',
      after: ['resolve', ...before],
      title: BACKUP_TITLE,
      reason,
    }),
  ];
}

export function planPlacement(
  plan: PlanBuilder,
  document: ClusterDocument,
  state: ClusterState,
  wanted: WantedSlot[],
  now: string,
): void {
  const launching = wanted.some((one) => !state.slots[one.name]?.instance);
  const isOld = launching && isImageTooOld(state, now);
  if (state.placement === null || state.placementKey !== placementKeyOf(document) || isOld) {
    plan.add({
      kind: 'resolve',
      phase: 'Pending',
      after: [],
      title: 'check image, instance types, subnets and K3s release',
      reason:
        state.placement === null
          ? 'nothing is known of the account yet'
          : state.placementKey === null
            ? 'the image is gone'
            : isOld
              ? 'the image was chosen longer ago than spec.image.maxAgeDays'
              : 'the document asks for something else',
    });
  }
  planSecurityGroups(plan, document, state, launching || instancesOf(state).length > 0);
}

/** What costs no one anything: nodes without a machine go, and tags that someone took away come back. */
function planTidying(plan: PlanBuilder, document: ClusterDocument, state: ClusterState): void {
  const ghosts = ghostsOf(state);
  if (ghosts.length > 0 && state.bornAt !== null) {
    plan.add({
      kind: 'remove-ghosts',
      phase: 'Configuring',
      after: [],
      title: `remove ${ghosts.join(', ')} from Kubernetes`,
      reason: 'no instance is behind it, and its slot has another node',
    });
  }
  if (document.spec.drift !== 'repair') return;
  for (const slot of Object.values(state.slots)) {
    if (slot.instance?.untagged !== true) continue;
    plan.add({
      kind: 'tag',
      slot: slot.name,
      phase: 'Configuring',
      after: [],
      title: 'set its tags again',
      reason: 'someone has taken them away, and spec.drift is repair',
    });
  }
}

/** From an empty or stopped slot to an instance whose SSM agent answers, with the wanted K3s where the node is a member already. */
export function planArrival(
  plan: PlanBuilder,
  document: ClusterDocument,
  state: ClusterState,
  wanted: WantedSlot,
): void {
  const slot = state.slots[wanted.name];
  const name = wanted.name;
  if (!slot?.instance) {
    // The dead member is removed before its replacement is added, or the new one would count against the quorum. [k3s #13498]
    if (slot?.joined) {
      plan.add({
        kind: 'remove-node',
        slot: name,
        phase: 'Configuring',
        after: ['remove-ghosts'],
        title: `remove ${slot.nodeName}`,
        reason: 'its instance is gone',
      });
    }
    plan.add({
      kind: 'launch',
      slot: name,
      phase: 'Provisioning',
      after: ['adopt', 'resolve', 'security-group', stepId('remove-node', name), stepId('retire', name)],
      title: `launch ${wanted.instanceType}`,
      reason: slot ? 'the slot has lost its instance' : 'the slot is empty',
    });
  } else if (slot.service === 'stopped') {
    // Nothing serves on it: another type is given to it now, while that costs no one anything.
    const retype = typeDiffers(state, wanted, slot);
    const reason = retype
      ? `its type is ${slot.instance.type}, ${typeFor(state, wanted, slot)} is wanted`
      : 'it is stopped and should run';
    const common = { slot: name, phase: 'Starting', reason } as const;
    if (retype) {
      if (slot.instance.power === 'running')
        plan.add({ ...common, kind: 'stop-instance', after: ['resolve'], title: 'stop the instance' });
      plan.add({
        ...common,
        kind: 'modify',
        after: ['resolve', stepId('stop-instance', name)],
        title: `change the type to ${typeFor(state, wanted, slot)}`,
      });
    }
    if (retype || slot.instance.power === 'stopped') {
      plan.add({ ...common, kind: 'start-instance', after: [stepId('modify', name)], title: 'start the instance' });
    }
  }
  const restarted = plan.steps.some((step) => step.id === stepId('start-instance', name));
  if (!slot?.agentOnline || restarted) {
    plan.add({
      kind: 'agent',
      slot: name,
      phase: slot?.joined ? 'Starting' : 'Installing',
      after: [stepId('launch', name), stepId('start-instance', name)],
      title: 'wait for the SSM agent',
      reason: 'commands reach the node through it',
    });
  }
  if (lacksVolumes(slot, wanted)) {
    plan.add({
      kind: 'volumes',
      slot: name,
      phase: 'Installing',
      after: [stepId('agent', name)],
      title: 'attach and mount its data volumes',
      reason: 'K3s starts when they are there',
    });
  }
  // A new member installs in the job that starts it; one that serves is changed behind the gate.
  if (slot?.joined && slot.instance && slot.service !== 'running' && slot.installed !== document.spec.k3s.version) {
    plan.add({
      kind: 'install',
      slot: name,
      phase: 'Installing',
      after: [stepId('agent', name)],
      title: `install K3s ${document.spec.k3s.version}`,
      reason: slot.installed ? `it has ${slot.installed}` : 'it is not installed',
    });
  }
}

/**
 * New members: the first server founds, the others join as soon as they and a server that is up are there. A join is sent while the first
 * server is being founded and waits on its node: each way to a node and back costs seconds, and these would be on the longest path.
 */
function planMembership(plan: PlanBuilder, state: ClusterState, wanted: WantedSlot): void {
  const slot = state.slots[wanted.name];
  const name = wanted.name;
  if (slot?.joined && slot.instance) return;
  const founding = founds(state, wanted);
  const ready = ['store-files', stepId('agent', name), stepId('volumes', name)];
  plan.add({
    kind: founding ? 'found' : 'join',
    slot: name,
    phase: 'Configuring',
    after: founding ? ready : [...ready, ...serversUp(plan)],
    title: founding ? 'install K3s and found the cluster (cluster-init)' : `install K3s and join as ${wanted.role}`,
    reason: founding
      ? 'no etcd member exists yet'
      : state.bornAt === null
        ? 'it follows the first server'
        : 'it is not a member yet',
  });
}

/** Whether the slot founds etcd: the one that was chosen, else the first server, while no server is a member. Once in a life. */
function founds(state: ClusterState, wanted: WantedSlot): boolean {
  const servers = Object.values(state.slots).filter((slot) => slot.role === 'server');
  if (wanted.role !== 'server' || servers.some((slot) => slot.joined && slot.instance !== null)) return false;
  return wanted.name === (state.founder?.split('#')[0] ?? 'server-0');
}

/** Steps after which a server is up that can be joined, or is being founded. */
const serversUp = (plan: PlanBuilder): string[] =>
  plan.steps.flatMap((step) => {
    if (step.kind === 'found') return step.after;
    return step.kind === 'start-service' && /^server-\d+$/.test(step.slot ?? '') ? [step.id] : [];
  });

/** K3s on members whose service is down: all servers at once, for one alone finds no quorum; then the agents. */
function planServices(plan: PlanBuilder, state: ClusterState, wanted: WantedSlot[]): void {
  const down = wanted.filter((one) => {
    const slot = state.slots[one.name];
    return slot?.instance && slot.joined && slot.service === 'stopped';
  });
  const started: string[] = [];
  for (const role of ['server', 'agent'] as const) {
    const after = role === 'server' ? [] : [...started];
    for (const one of down.filter((each) => each.role === role)) {
      const failed = believed(state, one.name, 'service')?.text ?? null;
      started.push(
        plan.add({
          kind: 'start-service',
          slot: one.name,
          // Down without a command of ours, on a machine that runs.
          phase: failed === null ? 'Starting' : 'Configuring',
          after: ['store-files', stepId('agent', one.name), stepId('install', one.name), ...after],
          title: role === 'server' && state.slots[one.name]?.cordoned ? 'start K3s, uncordon' : 'start K3s',
          reason: failed ?? 'its service is stopped',
        }),
      );
    }
  }
}

/** The kubeconfig for people, and the look that proves the whole. */
function planProof(plan: PlanBuilder, document: ClusterDocument, state: ClusterState, care: Care): void {
  const phase = state.bornAt === null ? 'Configuring' : plan.steps[0]?.phase === 'Starting' ? 'Starting' : 'Updating';
  const address = apiAddressOf(document, state);
  const founding = plan.steps.some((step) => step.kind === 'found');
  const moved = document.spec.network.publicIp && plan.steps.some((step) => step.kind === 'start-instance');
  const publisher = publisherOf(state)?.name;
  const restarted = plan.steps.some((step) => step.kind === 'start-service' && step.slot === publisher);
  // The founder stores it with its tokens, the first server when it is started.
  const outdated = isOutdated(state);
  const elsewhere = moved || address === null || address !== state.apiAddress;
  if (!founding && !restarted && (elsewhere || outdated)) {
    plan.add({
      kind: 'publish',
      phase: elsewhere ? phase : 'Configuring',
      after: plan.steps.filter((step) => step.kind === 'start-service').map((step) => step.id),
      title: 'store the kubeconfig',
      reason: !elsewhere
        ? 'the certificate in it ends sooner than the one that the server has now'
        : state.apiAddress === null
          ? 'people need it'
          : 'the address of the API has changed',
    });
  }
  // What is not well and has to wait is known; to wait here for it to get well would hold up everything else.
  const known = care.parked.size > 0 || care.resting.size > 0 || care.until !== null || care.blocked !== null;
  if (plan.steps.some((step) => !QUIET.has(step.kind)) || (!state.verified && !known)) {
    plan.add({
      kind: 'verify',
      phase,
      after: plan.steps.map((step) => step.id),
      title: 'see every node Ready and every server a voter',
      reason: 'done is what was seen',
    });
  }
}
