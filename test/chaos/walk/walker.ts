import { toCliError } from '#src/cli/errors.js';
import { EXIT } from '#src/cli/exit.js';
import type { RequestName } from '#src/model/requests/decide.js';
import type { FaultPlan } from '../../../packages/aws-simulator/src/faults.js';
import type { ChaosCell } from '../support/chaos-cell.js';
import type { ChaosCluster } from '../support/cluster.js';
import { compare, leftoversOf, newlyTwice, secretsOf, whereSecretsShow } from '../support/evidence.js';
import { DesiredState } from './desired-state.js';
import { QuorumWatch } from './quorum-watch.js';
import type { Act } from './steps.js';

/** How long a cluster may take to come to rest after much went wrong; back-offs are up to 30 s. */
const SETTLE_MS = 240_000;

/** Does the steps of a walk to one cluster, and sees to what must hold. */
export class Walker {
  private readonly desired = new DesiredState();
  private readonly quorum: QuorumWatch;
  /** Has been as it was wished, in this life: only then others lay hands on it. */
  private calm = false;
  /** One server at most between two settles: with two gone no one could do anything. */
  private harmed: string | null = null;

  constructor(
    private readonly cell: ChaosCell,
    private readonly cluster: ChaosCluster,
  ) {
    this.quorum = new QuorumWatch(cell, cluster.name);
    if (cluster.shape.mode === 'ha') cell.watchCalls((moment, _, entry) => this.quorum.see(moment, entry));
  }

  /** @returns what does not hold after it */
  async take(act: Act): Promise<string[]> {
    try {
      await this.act(act);
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
    const { duplicates, scriptsTwice } = await newlyTwice(this.cell);
    return [
      ...duplicates.map((one) => `launched twice: ${one}`),
      ...scriptsTwice.map((one) => `run twice: ${one}`),
      ...this.quorum.violations,
    ];
  }

  private async act(act: Act): Promise<void> {
    switch (act.kind) {
      case 'apply':
        this.cluster.shape = { ...this.cluster.shape, ...act.change };
        await this.ask('apply');
        return;
      case 'resize':
        if (await this.ask('resize', { instanceType: act.instanceType }))
          this.cluster.shape = { ...this.cluster.shape, serverType: act.instanceType };
        return;
      case 'ask':
        if (act.verb === 'delete') return await this.delete();
        await this.ask(act.verb);
        return;
      case 'fault':
        return this.fault(act.plan);
      case 'harm':
        return this.harm(act.slot, act.how);
      case 'kill':
        await this.cell.ready();
        return await this.cell.killWorker();
      case 'settle':
        return await this.settle();
    }
  }

  /** @returns whether Keelson accepted it: false without a cluster, or after a refusal */
  private async ask(verb: RequestName, payload: Record<string, unknown> = {}): Promise<boolean> {
    if (this.desired.state === 'absent' && verb !== 'apply') return false;
    await this.cell.ready();
    if (verb === 'stop' || verb === 'delete') this.quorum.end();
    try {
      await this.cluster.ask(verb, payload);
    } catch (error) {
      const { exitCode } = toCliError(error);
      if (exitCode === EXIT.refused || exitCode === EXIT.invalid) return false;
      throw error;
    }
    this.desired.record(verb);
    return true;
  }

  private async delete(): Promise<void> {
    if (this.desired.state === 'absent') return;
    const secrets = secretsOf(this.cluster);
    await this.ask('delete', { confirm: this.cluster.name });
    await this.cluster.deleted();
    this.calm = false;
    this.harmed = null;
    const found = [
      ...(await leftoversOf(this.cell, this.cluster.name)).map((one) => `left after delete: ${one}`),
      ...(await whereSecretsShow(this.cluster, secrets)).map((place) => `a secret shows: ${place}`),
    ];
    if (found.length > 0) throw new Error(found.join('; '));
  }

  private fault(plan: FaultPlan): void {
    this.cell.region.world.faults.add(plan);
  }

  private async harm(slot: string, how: string): Promise<void> {
    const isServer = slot.startsWith('server-');
    if (!this.calm || this.desired.state !== 'running') return;
    if (isServer && (this.harmed ?? slot) !== slot) return;
    // The only server's disk holds the cluster: who terminates it has deleted it.
    if (isServer && this.cluster.shape.mode === 'dev' && how === 'terminate') return;
    const instance = [...this.cell.region.world.instances.values()].find(
      ({ state, tags }) =>
        state === 'running' && tags['keelson:slot'] === slot && tags['keelson:cluster'] === this.cluster.name,
    );
    if (instance === undefined) return;
    if (isServer) {
      this.harmed = slot;
      this.quorum.harmed();
    }
    await fetch(`${this.cell.region.url}/_region/instances/${instance.id}/${how}`, { method: 'POST' });
  }

  private async settle(): Promise<void> {
    this.cell.region.world.faults.remove();
    const wanted = this.desired.state;
    if (wanted === 'absent') return;
    await this.cell.ready();
    if (this.desired.paused) await this.ask('resume');
    await this.ask('retry');
    const deadline = Date.now() + SETTLE_MS;
    for (;;) {
      // What others did is noticed by a look.
      await this.cluster.handle.signal('reconcile', { reason: 'the walk' });
      await this.cluster.settled(wanted === 'running' ? 'Running' : 'Stopped');
      const wrong = await compare(this.cluster, wanted);
      if (wrong.length === 0) break;
      if (Date.now() > deadline) throw new Error(`not as wished: ${wrong.join('; ')}`);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    this.calm = true;
    this.harmed = null;
    if (wanted === 'running') this.quorum.begin();
  }
}
