/** One simulated Kubernetes cluster: its secrets, its etcd, its Nodes. Lives as long as the simulator; disks refer to it by id. */
import { randomUUID } from 'node:crypto';
import type { World } from '../contract.js';
import { SigningRequests } from './api/signing.js';
import type { K3sConfig } from './config.js';
import { ConfigMaps } from './config-maps.js';
import { Etcd, type Member } from './etcd.js';
import { LeaderLoop } from './leader-loop.js';
import { Objects } from './manifests.js';
import { type KubeNode, type NodeObject, nodeObject } from './node.js';
import type { SecretStore } from './secrets.js';
import type { SnapshotContent } from './snapshot-file.js';

export interface Founding {
  id: string;
  /** False for SQLite, which no server can join. */
  embeddedEtcd: boolean;
  /** `none` if another CNI gives pods their network. */
  flannelBackend: string;
  /** Span of the first server's start: no one can join before its end. */
  foundSpan: string;
}

/** A kubelet's description of its Node at registration. */
type Registration = Pick<K3sConfig, 'role' | 'nodeName' | 'nodeIp' | 'labels' | 'taints' | 'providerId'>;

export class KubeCluster {
  readonly etcd: Etcd;
  readonly nodes = new Map<string, KubeNode>();
  configMaps = new ConfigMaps();
  /** K3s keeps each node's password in a secret named after the node; it goes with the Node. */
  readonly nodePasswords = new Map<string, string>();
  readonly signingRequests = new SigningRequests();
  /** Resources that manifests have made. */
  readonly objects = new Objects();
  /** Folders of manifests of the running servers, by instance. */
  readonly manifestFolders = new Map<string, string>();
  /** Span of the start after a restore: no one can join what was restored before its end. */
  restoredSpan: string | null = null;
  /** Spans that a waiting learner could not be admitted before: the last learner could vote, and was connected for long enough. */
  lastPromotion: string | null = null;
  lastHealthy: string | null = null;
  private readonly loop: LeaderLoop;

  constructor(
    private readonly world: World,
    readonly founding: Founding,
    readonly secrets: SecretStore,
  ) {
    this.loop = new LeaderLoop(world, this);
    this.etcd = new Etcd(world, () => this.loop.arm());
  }

  /** Spans that made the present voters with Ready nodes: taking one of them down has to wait for these, or the quorum is lost. */
  membershipSpans(): string[] {
    return this.etcd.members.flatMap(({ instanceId }) => {
      const span = this.world.lastSpan(instanceId, 'found', 'promote', 'ready', 'rejoin');
      return span ? [span.id] : [];
    });
  }

  /** Returns the latest graceful stop of each server: the next one comes after it, because servers must stop one by one. */
  stopSpans(): string[] {
    return this.etcd.members.flatMap(({ instanceId }) => this.world.lastSpan(instanceId, 'serviceStop')?.id ?? []);
  }

  /**
   * A caller that stops a server by a command knows of earlier stops only from their reports: the delivery of its command waited for these,
   * unless it began before them.
   */
  linkDelivery(instanceId: string): void {
    const delivery = this.world.lastSpan(instanceId, 'deliver');
    if (delivery === undefined) return;
    const stops = new Set(this.stopSpans());
    for (const member of this.etcd.members) {
      const report = this.world.lastSpan(member.instanceId, 'report');
      const isOfStop = report?.after.some((id) => stops.has(id)) === true;
      if (isOfStop && report.endedAt !== null && report.endedAt <= delivery.startedAt) delivery.after.push(report.id);
    }
  }

  memberOf(nodeName: string): Member | undefined {
    return this.etcd.members.find((member) => member.nodeName === nodeName);
  }

  /** True when the name is free or its password is the same. */
  acceptsPassword(nodeName: string, password: string): boolean {
    return (this.nodePasswords.get(nodeName) ?? password) === password;
  }

  /** Returns the kubelet's registration; a Node that exists keeps its cordon, annotations and age. */
  register(
    config: Registration,
    node: Pick<KubeNode, 'instanceId' | 'architecture' | 'version' | 'troubles'>,
    password: string,
  ): KubeNode {
    this.nodePasswords.set(config.nodeName, password);
    const known = this.nodes.get(config.nodeName);
    const fresh: KubeNode = {
      name: config.nodeName,
      uid: known?.uid ?? randomUUID(),
      ...node,
      role: config.role,
      ip: config.nodeIp,
      labels: { ...known?.labels, ...this.labels(config, node.architecture) },
      // K3s sets node-taint when a node registers, and never again. [docs: cli/agent]
      taints: known?.taints ?? config.taints.map(parseTaint),
      annotations: known?.annotations ?? {},
      unschedulable: known?.unschedulable ?? false,
      // Never changes once it is set: the cloud controller fills in what the kubelet does not provide. [k3s source: pkg/cloudprovider]
      providerId: known?.providerId ?? config.providerId ?? `k3s://${config.nodeName}`,
      createdAt: known?.createdAt ?? Date.now(),
      kubelet: known?.kubelet ?? { up: false, since: Date.now() },
      seen: known?.seen ?? false,
      etcdCondition: known?.etcdCondition ?? null,
    };
    this.nodes.set(fresh.name, fresh);
    this.loop.arm();
    return fresh;
  }

  kubeletUp(nodeName: string): void {
    const node = this.nodes.get(nodeName);
    if (!node) return;
    node.kubelet = { up: true, since: Date.now() };
    node.seen = true;
  }

  kubeletDown(nodeName: string, instanceId: string): void {
    const node = this.nodes.get(nodeName);
    if (node?.kubelet.up && node.instanceId === instanceId) node.kubelet = { up: false, since: Date.now() };
  }

  /** Deletes the Node, its password, and, as K3s's finalizer does, its etcd member. @returns etcd's refusal, or null. */
  deleteNode(name: string): string | null {
    const member = this.memberOf(name);
    const refusal = member ? this.etcd.remove(member) : null;
    if (refusal) return refusal;
    this.nodes.delete(name);
    this.nodePasswords.delete(name);
    this.etcd.wake();
    return null;
  }

  /** What a snapshot of it holds. @param version of K3s that saves it */
  content(version: string): SnapshotContent {
    return {
      cluster: this.founding.id,
      version,
      revision: this.configMaps.revision,
      nodes: [...this.nodes.values()],
      nodePasswords: [...this.nodePasswords],
      configMaps: this.configMaps.list(),
      secrets: this.secrets.now.id,
      members: this.etcd.members.map(({ name }) => name),
    };
  }

  /**
   * Takes over the snapshot's content with a single member, which has not started yet. A running kubelet continues to report, the others
   * are silent.
   */
  restore(content: SnapshotContent, member: Member): void {
    const live = new Map([...this.nodes.values()].map((node) => [node.name, node]));
    this.nodes.clear();
    this.nodePasswords.clear();
    for (const saved of content.nodes) {
      const now = live.get(saved.name);
      const same = now?.instanceId === saved.instanceId ? now : undefined;
      const kubelet = same?.kubelet ?? { up: false, since: Date.now() };
      this.nodes.set(saved.name, { ...saved, kubelet, troubles: same?.troubles ?? saved.troubles });
    }
    for (const [name, password] of content.nodePasswords) this.nodePasswords.set(name, password);
    this.configMaps = new ConfigMaps(content.revision, content.configMaps);
    this.secrets.restore(content.secrets);
    this.etcd.reset(member);
  }

  /** The leader applies its manifests. */
  applyManifests(): void {
    const folder = this.etcd.leader === null ? undefined : this.manifestFolders.get(this.etcd.leader.instanceId);
    if (folder !== undefined) this.objects.apply(folder);
  }

  /** Without a CNI the kubelet reports that its network is not ready. */
  private get hasNetwork(): boolean {
    if (this.founding.flannelBackend !== 'none') return true;
    this.applyManifests();
    return this.objects.hasCni;
  }

  /** Returns all Nodes as the API lists them, by name. */
  nodeObjects(): NodeObject[] {
    const { hasNetwork } = this;
    return [...this.nodes.values()]
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((node) => nodeObject(node, this.world.profile.notReady, hasNetwork));
  }

  private labels(config: Registration, architecture: string): Record<string, string> {
    const given = config.labels.map((label): [string, string] => {
      const [key = '', ...value] = label.split('=');
      return [key, value.join('=')];
    });
    const roles = config.role === 'server' ? ['control-plane', ...(this.founding.embeddedEtcd ? ['etcd'] : [])] : [];
    return {
      'kubernetes.io/hostname': config.nodeName,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': architecture,
      'node.kubernetes.io/instance-type': 'k3s',
      ...Object.fromEntries(roles.map((role) => [`node-role.kubernetes.io/${role}`, 'true'])),
      ...Object.fromEntries(given),
    };
  }
}

function parseTaint(text: string): KubeNode['taints'][number] {
  const [left = '', effect = ''] = text.split(':');
  const [key = '', value] = left.split('=');
  return { key, ...(value === undefined ? {} : { value }), effect };
}
