import { blankState } from '#src/model/blank-state.js';
import { departingNode } from '#src/model/departing.js';
import { emptySlot } from '#src/model/empty-slot.js';
import { forgetFindings } from '#src/model/health/findings.js';
import { isServerSlot, nodeNameOf, slotsOf } from '#src/model/ids.js';
import {
  filesFingerprint,
  manifestsFingerprint,
  outdatedServers,
  wantedBundles,
} from '#src/model/node-files/wanted.js';
import { labelledSlots, wantedLabels } from '#src/model/node-labels/wanted.js';
import { stepsToBegin } from '#src/model/plan/budget.js';
import type { Plan, Step } from '#src/model/plan/index.js';
import { lostInstance } from '#src/model/plan/lost-instance.js';
import { apiAddressOf, launchConfigKeyOf, nodeConfigOf, publisherOf } from '#src/model/plan/wanted.js';
import { quorumOf } from '#src/model/quorum.js';
import { recordTaken } from '#src/model/rotation/state.js';
import { ruleKeysOf } from '#src/model/security-groups/keys.js';
import { instanceGroups, type OwnGroups, rulesFingerprint } from '#src/model/security-groups/own-groups.js';
import { ownsGroups } from '#src/model/security-groups/rules.js';
import type { ClusterDocument } from '#src/model/spec/schema.js';
import type { ClusterState, Slot } from '#src/model/state.js';
import { mostUnavailable } from '#src/model/unavailable.js';

/**
 * A world as small as the promises: what each step does to the facts, and an alarm for what must never happen. It is written
 * from the words of the design, not from the workflow's code, so that a plan which does harm is seen to do it.
 */
export class ModelWorld {
  /** Every launch by slot and generation. */
  readonly launched = new Map<string, number>();
  readonly alarms: string[] = [];
  /** The server that the quorum was seen, twice, to spare. */
  private spared: string | null = null;
  private counter = 0;

  /** Does one step. `calm` says that the cluster has to keep serving: then at most one server may be down. */
  perform(document: ClusterDocument, state: ClusterState, step: Step, calm: boolean): void {
    this.counter += 1;
    const slot = step.slot === null ? undefined : state.slots[step.slot];
    if (calm) this.mind(document, step, slot);
    const before = this.serving(state);
    const restarts = step.kind === 'start-service' && slot?.role === 'server' && slot.service === 'running';
    this.act(document, state, step, slot);
    const left = Math.min(this.serving(state).count, before.count - (restarts ? 1 : 0));
    if (
      state.initializedAt !== null &&
      state.desiredState === 'running' &&
      document.spec.mode === 'ha' &&
      left < before.count
    )
      if (left < quorumOf(before.members))
        this.alarms.push(`${step.id}: takes the quorum, ${left} of ${before.members} left`);
    if (calm) this.watch(document, state, step);
  }

  /** Runs steps in an order that their dependencies allow, chosen by `pick`; stops after `limit`. */
  run(
    document: ClusterDocument,
    state: ClusterState,
    plan: Plan,
    pick: (n: number) => number,
    limit: number,
    calm: boolean,
  ): void {
    const done = new Set<string>();
    for (let count = 0; count < limit; count += 1) {
      const isBootstrapping = plan.steps.some((step) => step.kind === 'bootstrap' && !done.has(step.id));
      const ready = stepsToBegin(plan.steps, done, done).filter(
        (step) =>
          // It is sent to its node, and waits there.
          !(step.kind === 'join' && isBootstrapping),
      );
      const step = ready[pick(ready.length)];
      if (step === undefined) {
        if (done.size < plan.steps.length)
          this.alarms.push(
            `deadlock: ${plan.steps
              .filter((one) => !done.has(one.id))
              .map((one) => one.id)
              .join(', ')}`,
          );
        return;
      }
      this.perform(document, state, step, calm);
      done.add(step.id);
    }
  }

  private serving(state: ClusterState): { count: number; members: number } {
    const members = Object.values(state.slots).filter((slot) => slot.role === 'server' && slot.joined);
    const up = members.filter((slot) => slot.service === 'running' && slot.instance?.power === 'running');
    return { count: up.length, members: members.length };
  }

  /** A server that serves is taken down only right after the gate has let it, twice. */
  private mind(document: ClusterDocument, step: Step, slot: Slot | undefined): void {
    if (step.kind === 'recheck-quorum') this.spared = step.slot;
    const takes = step.kind === 'stop-service' || step.kind === 'start-service';
    if (!takes || document.spec.mode !== 'ha' || slot?.role !== 'server' || slot.service !== 'running') return;
    if (this.spared !== slot.name) this.alarms.push(`${step.id}: taken down without a second look at the gate`);
    this.spared = null;
  }

  private watch(document: ClusterDocument, state: ClusterState, step: Step): void {
    const members = Object.values(state.slots).filter((slot) => slot.role === 'server' && slot.joined);
    const down = members.filter((slot) => slot.service !== 'running' || slot.instance?.power !== 'running');
    if (document.spec.mode === 'ha' && down.length > 1)
      this.alarms.push(`${step.id}: ${down.map((slot) => slot.name).join(' and ')} down at once`);
    for (const pool of document.spec.pools) {
      const agents = Object.values(state.slots).filter((slot) => slot.pool === pool.name && slot.joined);
      const away = agents.filter((slot) => slot.cordoned || slot.instance?.power !== 'running');
      if (away.length > mostUnavailable(document.spec.upgrade.maxUnavailable, agents.length))
        this.alarms.push(`${step.id}: ${away.map((slot) => slot.name).join(' and ')} away at once`);
    }
  }

  private act(document: ClusterDocument, state: ClusterState, step: Step, slot: Slot | undefined): void {
    const wanted = slotsOf(document).find((one) => one.name === step.slot);
    const need = (what: unknown, text: string): void => {
      if (!what) this.alarms.push(`${step.id}: ${text}`);
    };
    switch (step.kind) {
      case 'preflight':
        state.launchConfig = {
          vpcId: 'vpc',
          vpcCidr: '10.0.0.0/16',
          subnets: [],
          images: {},
          instanceTypes: {},
          securityGroupIds: [],
        };
        state.launchConfigKey = launchConfigKeyOf(document);
        return;
      case 'adopt':
        state.adoption = 'done';
        return;
      case 'inspect':
        return;
      case 'label-nodes':
        for (const { slot: one, wanted: labels } of labelledSlots(document, state)) one.nodeLabels = labels;
        return;
      case 'security-group':
        state.securityGroups = groupsAsAsked(document, state.securityGroups);
        return;
      case 'set-groups':
        if (slot) this.group(document, state, slot);
        return;
      case 'store-files':
        state.nodeFiles = Object.fromEntries(
          Object.entries(wantedBundles(document, state)).map(([group, files]) => [
            group,
            { sha256: '', of: filesFingerprint(files) },
          ]),
        );
        return;
      case 'set-manifests':
        for (const one of outdatedServers(document, state)) one.manifests = manifestsFingerprint(document);
        state.manifests = document.spec.k3s.manifests.map(({ name }) => name);
        state.findings = Object.fromEntries(
          Object.entries(state.findings).filter(([key]) => !key.endsWith('/manifests')),
        );
        return;
      case 'backup':
        if (state.rotation !== null) state.rotation = { ...state.rotation, backup: 'backup' };
        return;
      case 'rotate':
        need(state.rotation?.backup !== null, 'rotates without a backup');
        if (state.rotation !== null && slot)
          state.rotation = { ...state.rotation, server: `${slot.name}#${slot.generation}`, ready: true };
        return;
      case 'rehearse':
      case 'restore':
        return;
      case 'launch': {
        need(
          state.launchConfig && (state.securityGroups ?? !ownsGroups(document)),
          'launched without launch config or group',
        );
        need(!slot?.instance, 'launched over a living instance');
        need(
          !ownsGroups(document) || !step.slot || isServerSlot(step.slot) || state.securityGroups?.agent,
          'launched an agent without a group',
        );
        if (wanted === undefined) return;
        const generation = (state.generations[wanted.name] ?? 0) + 1;
        state.generations[wanted.name] = generation;
        const key = `${wanted.name}#${generation}`;
        this.launched.set(key, (this.launched.get(key) ?? 0) + 1);
        need(this.launched.get(key) === 1, 'a second instance of one generation');
        state.slots[wanted.name] = {
          ...emptySlot(wanted, generation, nodeNameOf(document.metadata.name, wanted.name, generation)),
          departing: slot === undefined ? null : departingNode(slot),
          instance: {
            id: `i-${this.counter}`,
            type: wanted.instanceType,
            imageId: 'ami-1',
            architecture: 'amd64',
            subnetId: 'subnet-1',
            zone: 'a',
            privateIp: `10.0.0.${this.counter % 250}`,
            publicIp: `192.0.2.${this.counter % 250}`,
            launchedAt: '2026-01-01T00:00:00Z',
            power: 'running',
          },
          lastAppliedType: wanted.instanceType,
        };
        this.group(document, state, state.slots[wanted.name]);
        return;
      }
      case 'wait-for-agent':
        need(slot?.instance?.power === 'running', 'waits for the agent of an instance that does not run');
        if (slot) slot.agentOnline = true;
        return;
      case 'volumes':
        need(slot?.agentOnline, 'mounts volumes without an agent');
        if (slot) slot.volumesReady = true;
        return;
      case 'install':
        need(slot?.agentOnline, 'installs without an agent');
        if (slot) slot.installed = document.spec.k3s.version;
        if (slot?.service === 'running') slot.startDue = true;
        return;
      case 'bootstrap':
        need(
          Object.values(state.slots).every((one) => one.role !== 'server' || !one.joined || !one.instance),
          'founds over living members',
        );
        need(slot?.agentOnline, 'founds without an agent');
        if (slot) Object.assign(slot, { installed: document.spec.k3s.version });
        if (slot) state.bootstrapServer = `${slot.name}#${slot.generation}`;
        state.apiAddress = document.spec.access.apiHostname ?? slot?.instance?.publicIp ?? null;
        this.join(document, state, step, slot);
        return;
      case 'join':
        need(
          Object.values(state.slots).some((one) => one.role === 'server' && one.joined && one.service === 'running'),
          'joins no one',
        );
        need(slot?.agentOnline, 'joins without an agent');
        need(
          slot?.role === 'agent' ||
            Object.values(state.slots).every(({ role, departing }) => role === 'agent' || departing === null),
          'joins while etcd counts a dead member',
        );
        if (slot) slot.installed = document.spec.k3s.version;
        this.join(document, state, step, slot);
        return;
      case 'start-service':
        need(slot?.agentOnline, 'starts K3s without an agent');
        state.findings = forgetFindings(state.findings, step.slot ?? '');
        if (slot?.instance && wanted) {
          recordTaken(state, slot);
          delete slot.startDue;
          slot.service = 'running';
          slot.configHash = nodeConfigOf(document, state, wanted, slot, slot.instance).hash;
          if (slot.nodeLabels) slot.nodeLabels = wantedLabels(document, wanted, slot.instance);
          if (slot.role === 'server') Object.assign(slot, { cordoned: false, drained: false });
          if (slot === publisherOf(state)) state.apiAddress = apiAddressOf(document, state);
        }
        return;
      case 'publish':
        state.apiAddress = apiAddressOf(document, state);
        return;
      case 'verify':
        need(
          Object.values(state.slots).every((one) => one.service !== 'running' || one.startDue === undefined),
          'waits for a version that no one starts',
        );
        state.verified = true;
        return;
      case 'drain':
        if (slot) Object.assign(slot, { cordoned: true, drained: true });
        return;
      case 'uncordon':
        if (slot) Object.assign(slot, { cordoned: false, drained: false });
        return;
      case 'stop-service':
        need(step.phase !== 'Updating' || slot?.drained, 'takes down a node from which its pods have not gone');
        if (slot) slot.service = 'stopped';
        return;
      case 'stop-instance':
        need(slot?.service === 'stopped' || step.phase === 'Configuring', 'stops the instance under a running K3s');
        if (slot && step.phase === 'Configuring')
          Object.assign(slot, { powerCycledAt: state.checkedAt, service: 'stopped' });
        if (slot?.instance)
          Object.assign(slot, { instance: { ...slot.instance, power: 'stopped', publicIp: null }, agentOnline: false });
        return;
      case 'start-instance':
        if (slot?.instance)
          slot.instance = { ...slot.instance, power: 'running', publicIp: `192.0.2.${this.counter % 250}` };
        if (slot) slot.agentOnline = false;
        return;
      case 'change-type':
        need(slot?.instance?.power === 'stopped', 'changes the type of an instance that is not stopped');
        if (slot?.instance && wanted) {
          slot.instance = { ...slot.instance, type: wanted.instanceType };
          slot.lastAppliedType = wanted.instanceType;
        }
        return;
      case 'remove-node':
        if (slot && slot.departing === null) slot.joined = false;
        else if (slot) slot.departing = null;
        return;
      case 'terminate':
        need(slot && !slot.joined && slot.departing === null, 'terminates a member');
        if (step.slot !== null) delete state.slots[step.slot];
        return;
      case 'terminate-for-replacement':
        need(slot && !slot.joined, 'terminates a member');
        if (slot) Object.assign(slot, lostInstance(slot));
        state.findings = forgetFindings(state.findings, step.slot ?? '');
        return;
      case 'reboot':
        if (slot) Object.assign(slot, { rebootedAt: state.checkedAt });
        state.findings = forgetFindings(state.findings, step.slot ?? '');
        return;
      case 'tag': {
        if (slot?.instance) {
          const { untagged: _, ...instance } = slot.instance;
          slot.instance = instance;
        }
        return;
      }
      case 'remove-stale-nodes':
        state.findings = Object.fromEntries(
          Object.entries(state.findings).filter(([key]) => !key.startsWith('stale-node/')),
        );
        return;
      case 'check-quorum':
      case 'recheck-quorum':
      case 'snapshot':
      case 'save-volume':
      case 'terminate-all':
      case 'sweep':
      case 'delete-objects':
        return;
    }
  }

  private group(document: ClusterDocument, state: ClusterState, slot: Slot | undefined): void {
    const ids = slot === undefined ? null : instanceGroups(document, state, slot.role);
    if (slot !== undefined && ids !== null) Object.assign(slot, { groups: ids, givenGroups: { ids } });
  }

  private join(document: ClusterDocument, state: ClusterState, step: Step, slot: Slot | undefined): void {
    const wanted = slotsOf(document).find((one) => one.name === step.slot);
    if (!slot?.instance || !wanted || slot.installed === null) {
      this.alarms.push(`${step.id}: joins without instance or K3s`);
      return;
    }
    recordTaken(state, slot);
    Object.assign(slot, {
      nodeLabels: wantedLabels(document, wanted, slot.instance),
      joined: true,
      service: 'running',
      configHash: nodeConfigOf(document, state, wanted, slot, slot.instance).hash,
    });
  }
}

/** Groups with just the rules that the document asks for; agents keep theirs when the last pool goes. */
export function groupsAsAsked(document: ClusterDocument, before: OwnGroups | null = null): OwnGroups {
  const agent = document.spec.pools.length > 0 || before?.agent ? 'sg-agent' : null;
  const rules = ruleKeysOf(document, { server: 'sg-server', agent });
  return {
    server: { id: 'sg-server', rules: rules.server },
    agent: agent === null ? null : { id: agent, rules: rules.agent },
    setFor: rulesFingerprint(document),
    refused: null,
  };
}

/** The state of a cluster of which nothing exists. */
export function emptyState(document: ClusterDocument): ClusterState {
  return { ...blankState(document), uid: '00000000-0000-4000-8000-000000000000', requestedBy: 'test' };
}
