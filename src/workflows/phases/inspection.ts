import { recordInstalled } from '../../model/k3s/installed.js';
import { parseVersion } from '../../model/k3s/version.js';
import { withMeasured } from '../../model/measured.js';
import type { NodeView } from '../../model/observation.js';
import type { Slot } from '../../model/state.js';
import { type Cluster, emit, now } from '../cluster-context.js';
import { sawNodes } from '../look.js';
import { runJob } from '../node-job.js';

/** What the probe tells of a node. */
interface Seen {
  /** Version of the binary in place. */
  installed: string | null;
  /** Fingerprint and version that the service was last started with; empty when it never was. */
  hash: string;
  version: string;
  active: boolean;
  /** The API of a server answers. */
  ready: boolean;
  founder: boolean;
}

/**
 * Rebuilds what a lost workflow knew of its nodes: what is installed, what runs and with which configuration, who is a member,
 * who founded the cluster. Where a server answers, Kubernetes is the witness of membership; else the nodes' own notes are.
 *
 * @param tokens whether the bucket has the tokens: the founder stores them at the end of founding
 */
export async function inspectNodes(cluster: Cluster, tokens: boolean): Promise<void> {
  const slots = Object.values(cluster.state.slots);
  const seen = new Map<string, Seen>();
  await Promise.all(
    slots
      .filter((slot) => slot.instance?.power === 'running')
      .map(async (slot) => void seen.set(slot.name, await probe(cluster, slot))),
  );
  const nodes = await askKubernetes(cluster, slots, seen);
  for (const slot of slots) {
    takeOver(cluster, slot, seen.get(slot.name));
    slot.joined = isMember(slot, seen.get(slot.name), nodes, tokens);
    const cordoned = nodes?.find((node) => node.name === slot.nodeName)?.schedulable === false;
    if (cordoned) emit(cluster, 'Normal', 'FoundCordoned', `${slot.nodeName} is cordoned: it will be uncordoned`);
    slot.cordoned = cordoned;
  }
  cluster.state.founder = founderOf(slots, seen);
  resumeFounding(cluster, slots, tokens);
}

async function probe(cluster: Cluster, slot: Slot): Promise<Seen> {
  const told = await runJob(cluster, slot, {
    script: 'probe',
    summary: 'ask what runs on it',
    params: { ROLE: slot.role },
    timeoutSeconds: 60,
  });
  const [hash = '', version = ''] = (told['started-with'] ?? '').split(' ');
  return {
    installed: parseVersion(told['version'] ?? '') === null ? null : (told['version'] ?? null),
    hash,
    version,
    active: told['service'] === 'active',
    ready: told['readyz'] === 'ok',
    founder: told['founder'] === 'true',
  };
}

/** The nodes as a server that answers knows them; null when none does. */
async function askKubernetes(cluster: Cluster, slots: Slot[], seen: Map<string, Seen>): Promise<NodeView[] | null> {
  const witness = slots.find((slot) => slot.role === 'server' && seen.get(slot.name)?.ready);
  if (witness === undefined) return null;
  const result = await runJob(cluster, witness, {
    script: 'verify',
    summary: 'see nodes and voters',
    params: {},
    timeoutSeconds: 60,
  });
  sawNodes(cluster, result);
  return cluster.state.nodesSeen?.nodes ?? null;
}

function takeOver(cluster: Cluster, slot: Slot, seen: Seen | undefined): void {
  if (seen === undefined) return;
  slot.service = seen.active ? 'running' : 'stopped';
  slot.measured = withMeasured(slot, now(), 'service');
  slot.configHash = seen.hash === '' ? null : seen.hash;
  // A binary that was replaced under a service that still runs the old one is not in force yet.
  recordInstalled(cluster.state, slot, seen.active && seen.version !== '' ? seen.version : seen.installed);
}

/** A node that is no member yet joins, which is harmless where it has begun to; one that is must never found another cluster. */
function isMember(slot: Slot, seen: Seen | undefined, nodes: NodeView[] | null, tokens: boolean): boolean {
  if (nodes !== null) {
    const node = nodes.find((one) => one.name === slot.nodeName);
    return slot.role === 'server' ? node?.voter === true : node !== undefined;
  }
  // No one stops the instances of a cluster that is still being founded.
  return seen === undefined ? tokens : seen.hash !== '';
}

/** By cluster-init in its configuration; of a cluster that sleeps, by its place. */
function founderOf(slots: Slot[], seen: Map<string, Seen>): string | null {
  const known = slots.find((slot) => seen.get(slot.name)?.founder);
  const asleep = slots.find((slot) => slot.name === 'server-0' && slot.generation === 1 && !seen.has(slot.name));
  const founder = known ?? asleep;
  return founder === undefined ? null : `${founder.name}#${founder.generation}`;
}

/** Without its tokens in the bucket a founder alone is not done: founding goes on, and what runs already is left running. */
function resumeFounding(cluster: Cluster, slots: Slot[], tokens: boolean): void {
  const members = slots.filter((slot) => slot.role === 'server' && slot.joined);
  const [only] = members;
  if (tokens || only === undefined || members.length > 1) return;
  if (cluster.state.founder === `${only.name}#${only.generation}`) only.joined = false;
}
