/**
 * `POST /_region/copies`: a cluster on paper that runs, as often as is asked for, under other names and without the limits of the account. A copy has
 * instances, volumes, security groups, disks, a K3s with its etcd and objects in the bucket of its own; its instances boot from their disks as after a stop, and
 * K3s starts with them. Its CA, passwords and seal keys are those of the original, and it has no commands of SSM and no snapshots.
 */
import { join } from 'node:path';
import * as z from 'zod';
import { json, withBody } from '../../admin-json.js';
import type { HttpReply, MachineHost } from '../../contract.js';
import type { Account, Ec2Instance } from '../../ec2/account.js';
import type { Ec2 } from '../../ec2/handle.js';
import { newId } from '../../ec2/ids.js';
import { KubeCluster } from '../../k3s/cluster.js';
import { ConfigMaps } from '../../k3s/config-maps.js';
import { machineFolder } from '../../machine/folder.js';
import { type Machines, machinesOf } from '../../machine/host.js';
import { noKubeletTroubles } from '../../machine/troubles.js';
import { etagOf } from '../../s3/buckets.js';
import type { S3 } from '../../s3/handle.js';
import type { LocalWorld } from '../../world.js';
import { ETC, read, STARTED_WITH, STATE, sha256, write } from '../files.js';
import { PaperMachine } from '../machine.js';
import { readDisk, writeDisk } from './disk.js';
import { Names } from './names.js';

interface Deps {
  world: LocalWorld;
  host: MachineHost;
  ec2: Ec2;
  s3: S3;
}

const copiesSchema = z.strictObject({
  /** Name of the cluster; it should stand in no other word. */
  of: z.string(),
  copies: z.array(
    z.strictObject({
      name: z.string(),
      uid: z.string(),
      /** ClientTokens by slot. */
      tokens: z.record(z.string(), z.string()),
      /** What else is replaced in the objects of the bucket. */
      replace: z.record(z.string(), z.string()).default({}),
    }),
  ),
});

type Copies = z.output<typeof copiesSchema>;
type Copy = Copies['copies'][number];

/** Answers with the names that were replaced, by copy. */
export function serveCopies(deps: Deps, body: Buffer): HttpReply | Promise<HttpReply> {
  return withBody(body, 'copies of a cluster', copiesSchema, ({ of, copies }) => {
    const original = originalOf(deps, of);
    if (original === null) return json(409, { error: `no cluster on paper named ${of} runs here` });
    return json(201, { copies: copies.map((copy) => ({ name: copy.name, replaced: copyOf(deps, original, copy) })) });
  });
}

/** How many machines there are, and how far they are. */
export function countMachines({ host }: Pick<Deps, 'host'>): HttpReply {
  const all = machinesOf(host).all();
  const servers = machinesOf(host).k3s;
  return json(200, {
    machines: all.length,
    online: all.filter(({ agent }) => agent.online).length,
    serving: all.filter(({ id }) => servers.serverOn(id)?.answers === true).length,
  });
}

interface Original {
  name: string;
  account: Account;
  machines: Machines;
  servers: { instance: Ec2Instance; machine: PaperMachine; disk: ReturnType<typeof readDisk> }[];
  kube: KubeCluster;
}

function originalOf({ ec2, host }: Deps, name: string): Original | null {
  const machines = machinesOf(host);
  for (const account of ec2.accounts.values()) {
    const instances = [...account.instances.values()].filter(
      ({ tags, state }) => tags['keelson:cluster'] === name && state === 'running',
    );
    const servers = instances.flatMap((instance) => {
      const machine = machines.get(instance.id);
      return machine instanceof PaperMachine ? [{ instance, machine, disk: readDisk(machine.folder.root) }] : [];
    });
    const kube = servers.map(({ machine }) => machine.server?.membership?.cluster).find((one) => one !== undefined);
    if (kube !== undefined) return { name, account, machines, servers, kube };
  }
  return null;
}

function copyOf(deps: Deps, original: Original, copy: Copy): Names {
  const { servers, account } = original;
  const names = new Names();
  names.set(original.name, copy.name);
  for (const uid of new Set(servers.map(({ instance }) => instance.tags['keelson:uid'] ?? '')))
    names.set(uid, copy.uid);
  for (const [from, to] of Object.entries(copy.replace)) names.set(from, to);
  copyGroups(original, names);
  const kube = copyKube(deps.world, original, names);
  for (const server of servers) nameInstance(account, server.instance, copy, names);
  copyMembers(original, kube, names);
  original.machines.k3s.clusters.set(kube.founding.id, kube);
  for (const { instance, machine, disk } of servers) {
    const own = copyInstance(deps.world, account, instance, names);
    writeDisk(join(machineFolder(deps.world.dir, own.id).base, 'root'), disk, names);
    original.machines.boot(own);
    const booted = original.machines.get(own.id);
    if (!(booted instanceof PaperMachine)) continue;
    booted.continueFrom(machine);
    sumConfig(booted);
  }
  copyObjects(deps.s3, original.name, names);
  return names;
}

function copyGroups({ account, name }: Original, names: Names): void {
  const own = [...account.groups.values()].filter(({ tags }) => tags['keelson:cluster'] === name);
  for (const { id } of own) names.set(id, newId('sg'));
  for (const group of own) {
    const made = names.swapIn(group);
    for (const rule of [...made.ingress, ...made.egress]) rule.id = newId('sgr');
    account.groups.set(made.id, made);
  }
}

/** Its configuration names other nodes now, and its service is about to start with it: as after a first boot that has written it. */
function sumConfig(machine: PaperMachine): void {
  const sum = sha256(read(machine, `${ETC}/config.yaml`));
  const [, version = ''] = read(machine, STARTED_WITH).split(' ');
  write(machine, `${STATE}/config-sum`, `${sum}\n`);
  write(machine, STARTED_WITH, `boot-copy ${version} ${sum}`);
}

/** Gives an instance and what belongs to it other ids, before any of them is written. */
function nameInstance(account: Account, instance: Ec2Instance, { tokens }: Copy, names: Names): void {
  const subnet = account.subnets.find(({ id }) => id === instance.subnetId);
  const address = subnet === undefined ? null : account.privateAddresses.take(subnet);
  if (address === null) throw new Error(`${instance.subnetId} has no address left`);
  names.set(instance.id, newId('i'));
  names.set(instance.privateIp, address);
  names.set(instance.reservationId, newId('r'));
  for (const id of [instance.networkInterfaceId, ...instance.furtherInterfaces.map((face) => face.id)])
    names.set(id, newId('eni'));
  for (const { volumeId } of instance.blockDevices) names.set(volumeId, newId('vol'));
  const token = tokens[instance.tags['keelson:slot'] ?? ''];
  if (token !== undefined) names.set(instance.clientToken, token);
}

function copyInstance(world: LocalWorld, account: Account, instance: Ec2Instance, names: Names): Ec2Instance {
  for (const { volumeId } of instance.blockDevices) {
    const volume = account.volumes.get(volumeId);
    if (volume === undefined) continue;
    const own = names.swapIn(volume);
    account.volumes.set(own.id, own);
  }
  const own = names.swapIn(instance);
  if (own.wantsPublicIp) own.publicIp = account.publicAddresses.take(own.privateIp);
  own.boots += 1;
  account.instances.set(own.id, own);
  world.instances.set(own.id, own);
  const { id, region, zone, type, clientToken, launchIndex, launchTime: at } = own;
  world.record.launched({ id, at, region, zone, type, clientToken, launchIndex, tags: { ...own.tags } });
  return own;
}

/** The same secrets, and another id, which the disks name. */
function copyKube(world: LocalWorld, { kube, machines }: Original, names: Names): KubeCluster {
  const id = machines.k3s.newId();
  names.set(kube.founding.id, id);
  for (const member of kube.etcd.members) names.set(member.id, machines.k3s.newId());
  return new KubeCluster(world, { ...kube.founding, id }, kube.secrets.copy());
}

/** Nodes that are silent and members that are down, until their machines start. */
function copyMembers({ kube }: Original, own: KubeCluster, names: Names): void {
  own.configMaps = new ConfigMaps(kube.configMaps.revision, names.swapIn(kube.configMaps.list()));
  for (const node of kube.nodes.values()) {
    const kubelet = { up: false, since: Date.now() };
    const { name, ...rest } = names.swapIn({ ...node, kubelet, troubles: noKubeletTroubles() });
    own.nodes.set(name, { name, ...rest });
  }
  for (const [node, password] of kube.nodePasswords) own.nodePasswords.set(names.swap(node), password);
  for (const member of kube.etcd.members)
    own.etcd.addStale({ ...names.swapIn(member), loop: { startedAt: Date.now(), span: null } });
}

function copyObjects(s3: S3, name: string, names: Names): void {
  for (const bucket of s3.buckets.all()) {
    for (const object of [...bucket.objects.values()]) {
      if (!object.key.startsWith(`clusters/${name}/`)) continue;
      const key = names.swap(object.key);
      const body = Buffer.from(names.swap(object.body.toString('latin1')), 'latin1');
      bucket.objects.set(key, { ...object, key, body, etag: etagOf(body), lastModified: new Date() });
    }
  }
}
