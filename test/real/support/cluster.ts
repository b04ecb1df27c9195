/** A cluster on real hosts, as tests handle it: what Keelson says of it, what is true, and what someone does to it. */
import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { ClusterEvent, Operation } from '#src/model/state.js';
import type { NodeStatus, StatusView } from '#src/model/status.js';
import type { Ran, StackFixture } from '../../e2e/fixture.js';
import { addRow } from './results.js';
import { type MemberTruth, type NodeTruth, Truth } from './truth.js';

const LIMIT_MS = 10 * 60_000;
const EVERY_MS = 250;

export class RealCluster {
  readonly truth: Truth;

  constructor(
    readonly fixture: StackFixture,
    readonly name: string,
    command: string,
  ) {
    this.truth = new Truth(command);
  }

  status(): Promise<StatusView> {
    return this.fixture.client.workflow.getHandle(`cluster/${this.name}`).query<StatusView>('status');
  }

  events(): Promise<ClusterEvent[]> {
    return this.fixture.client.workflow.getHandle(`cluster/${this.name}`).query<ClusterEvent[]>('events');
  }

  /** Asks the workflow until it holds. @throws Error with what was seen last after ten minutes, or what is given */
  async until(holds: (seen: StatusView) => boolean, what: string, limitMs = LIMIT_MS): Promise<StatusView> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const seen = await this.status();
      if (holds(seen)) return seen;
      if (Date.now() > deadline) {
        const events = (await this.events()).slice(-20);
        throw new Error(`never seen: ${what}: ${JSON.stringify([seen, events]).slice(0, 12_000)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  /** At rest and well, after at least so many operations. */
  healthy(operations = 0): Promise<StatusView> {
    return this.until(
      (seen) =>
        seen.phase === 'Running' &&
        seen.health === 'Healthy' &&
        seen.operation === null &&
        seen.operations.length >= operations,
      'Running, Healthy, at rest',
    );
  }

  async node(slot: string): Promise<NodeStatus & { instanceId: string }> {
    const found = (await this.status()).nodes.find((node) => node.slot === slot);
    if (found?.instanceId == null) throw new Error(`${slot} has no instance`);
    return { ...found, instanceId: found.instanceId };
  }

  /** Sends a request to the admin API of the simulator. */
  admin(path: string, body?: unknown): Promise<unknown> {
    return this.fixture.region(path, {
      method: 'POST',
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /**
   * Asks Kubernetes and etcd on a host until every node that Keelson names is Ready and schedulable, every server votes, and nothing else is there.
   *
   * @returns the nodes as Kubernetes has them
   */
  async isTrue(on: string, limitMs = 120_000): Promise<NodeTruth[]> {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const wanted = await this.told();
      const nodes = await this.truth.nodes(on);
      const members = await this.truth.members(on);
      const seen = { nodes: nodes.map(({ version: _, ...shape }) => shape), members };
      if (isDeepStrictEqual(seen, wanted)) return nodes;
      if (Date.now() > deadline) expect(seen).toEqual(wanted);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }

  /** What is true if all is as Keelson has it and well. */
  private async told(): Promise<{ nodes: Omit<NodeTruth, 'version'>[]; members: MemberTruth[] }> {
    const { nodes } = await this.status();
    return {
      nodes: nodes
        .map(({ name, role }) => ({ name, ready: true, voter: role === 'server', schedulable: true }))
        .sort((a, b) => a.name.localeCompare(b.name)),
      members: nodes
        .filter(({ role }) => role === 'server')
        .map(({ privateIp }) => ({ address: privateIp ?? '', learner: false }))
        .sort((a, b) => a.address.localeCompare(b.address)),
    };
  }

  /** Puts something into Kubernetes that must be there to the end: a value, and pods that have to run somewhere. */
  async fill(on: string, value: string): Promise<void> {
    await this.truth.kubectl(on, `create configmap kept --from-literal=value=${value}`);
    await this.truth.kubectl(on, 'create deployment web --image=registry.example/web:1 --replicas=3');
  }

  /** What `fill` has put there. */
  async filled(on: string): Promise<{ value: string; available: string }> {
    const value = await this.truth.kubectl(on, "get configmap kept -o 'jsonpath={.data.value}'");
    const available = await this.truth.kubectl(on, "get deployment web -o 'jsonpath={.status.availableReplicas}'");
    return { value, available };
  }
}

/** A command line that has done what it was told; if not, the test says what it said. */
export function succeeded({ code, stderr }: Ran): void {
  expect(code, stderr).toBe(0);
}

/** What Keelson did in an operation, for the table: the steps that ended, in their order, once each. */
export function doneIn({ kind, steps, outcome }: Operation): string {
  const kinds = [...new Set(steps.map((step) => step.kind))];
  return `${kind} ${outcome ?? 'under way'}: ${kinds.join(', ')}`;
}

export interface Measured {
  scenario: string;
  startedAt: number;
  noticedAt?: number | null;
  healthyAt: number | null;
  done: string;
  seen: string;
}

/** A row of the table; times in milliseconds since the epoch. */
export function measured({ scenario, startedAt, noticedAt = null, healthyAt, done, seen }: Measured): void {
  const since = (at: number | null) => (at === null ? null : (at - startedAt) / 1000);
  addRow({ scenario, noticedSeconds: since(noticedAt), healthySeconds: since(healthyAt), done, seen });
}
