import type { NodeFacts } from '../health/facts.js';
import type { Restarts } from '../health/restarts.js';
import type { LostBeside } from '../observation.js';
import type { GivenGroups } from './groups.js';
import type { LaunchRequest, LostInstance, NodeInstance } from './instance.js';
import type { Measured, NodeLabels } from './node.js';

/** A place for a node. These facts only change when a step has succeeded; the planner compares them with the document. */
export interface Slot {
  name: string;
  role: 'server' | 'agent';
  pool: string | null;
  generation: number;
  /** Unique per generation: K3s refuses a reused name with another node password. */
  nodeName: string;
  launch: LaunchRequest | null;
  /** `<type> <subnet>` pairs without capacity since the last success. */
  exhaustedSubnets: string[];
  /** Subnets in which SSM has not reached an instance of the slot: the next one goes elsewhere first. */
  unreachableSubnets: string[];
  instance: NodeInstance | null;
  /** The lost instance of the slot; its generation is used up. */
  lastInstanceId: string | null;
  /** Why the slot has no node: kept until the next one has joined. */
  lost?: LostInstance;
  agentOnline: boolean;
  /** K3s version of the installed binary. */
  installed: string | null;
  /** SHA-256 of the config.yaml of the K3s service's last start. */
  configHash: string | null;
  /** Security groups of the instance's primary network interface, as Keelson set or observed them last; null while unknown. */
  groups: string[] | null;
  /** Those that Keelson gave the instance last: others that are there come from someone else. Missing for an adopted instance. */
  givenGroups?: GivenGroups;
  /** Fingerprint of the manifests that a server holds; null for none. */
  manifests: string | null;
  service: 'running' | 'stopped';
  /** For a server: a voter and Ready; for an agent: Ready. */
  joined: boolean;
  /** Node of the slot's earlier instance, while it is still a member: Keelson removes it before the slot's new node joins. */
  departing: string | null;
  /** Cordoned by Keelson, which uncordons it before the operation ends. */
  cordoned: boolean;
  /** Its pods have left it. A failed drain has only cordoned it. */
  drained: boolean;
  /** Type before a change that is not proven yet: the way back when the new type cannot start. */
  previousType: string | null;
  /** Type that Keelson gave it last; another one came from someone else. */
  lastAppliedType: string | null;
  /** Time of K3s's last restart for upkeep. */
  upkeepAt: string | null;
  /** Until when its problems do not count, because Keelson has just changed it. */
  graceUntil: string | null;
  /** Restarts of its K3s, because it was unhealthy. */
  restarts: Restarts | null;
  /** Since when Kubernetes has called the node not Ready, whatever Keelson has tried; null after it was Ready. */
  notReadySince: string | null;
  /** When Keelson last rebooted the instance because it was unhealthy. */
  rebootedAt: string | null;
  /** When Keelson last stopped and started the instance because it was unhealthy. */
  powerCycledAt: string | null;
  /** Agents of other clusters that SSM lost together with this one. */
  lostBeside: LostBeside | null;
  /** Public key that the node of this instance has reported: secrets for it are sealed to this key and no other. */
  sealKey?: { instanceId: string; publicKey: string };
  /**
   * The restore of that ref has replaced the node's cluster: a server joins without its etcd data, an agent starts with the restored token.
   */
  resetFor?: string;
  /** The binary was replaced under a running service, which is still of the version before: it has to be started again. */
  startDue?: true;
  /** Its data volumes are attached and mounted; missing if it was launched without any. */
  volumesReady?: true;
  /** Labels and taints that Keelson has given its Node; null while unknown. */
  nodeLabels: NodeLabels | null;
  /** Its last own report. */
  facts: NodeFacts | null;
  /** What was measured of it since the start of its instance and its K3s. */
  measured: Measured;
}
