/** Leaves a Node without a machine behind: `POST /_region/stale-nodes`. */
import * as z from 'zod';
import { json, withBody } from './admin-json.js';
import type { HttpReply, MachineHost, World } from './contract.js';
import type { RunningServer } from './k3s/running-server.js';
import { addStaleNode } from './k3s/stale-node.js';
import { foldersOf } from './machine/host.js';

const staleNodeSchema = z.strictObject({
  cluster: z.string(),
  uid: z.string().optional(),
  nodeName: z.string().regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/),
  server: z.boolean(),
});

/** Runs one request, at the Kubernetes cluster of any running server of that Keelson cluster. */
export function serveStaleNodes(world: World, host: MachineHost, body: Buffer): HttpReply | Promise<HttpReply> {
  return withBody(body, 'a stale node', staleNodeSchema, ({ cluster, uid, nodeName, server: isServer }) => {
    const server = serverOf(host, cluster, uid);
    const kube = server?.membership?.cluster;
    if (server === undefined || kube === undefined) {
      return json(404, { error: `no server of cluster ${cluster} runs K3s` });
    }
    if (kube.nodes.has(nodeName)) return json(409, { error: `there is a node ${nodeName}` });
    addStaleNode(kube, nodeName, isServer, server.version);
    world.note('outside', { action: 'add-stale-node', cluster, node: nodeName, server: isServer });
    return json(201, { node: nodeName, voters: kube.etcd.voters.length });
  });
}

function serverOf(host: MachineHost, cluster: string, uid: string | undefined): RunningServer | undefined {
  const machines = foldersOf(host);
  return machines
    ?.all()
    .filter(({ instance: { tags } }) => tags['keelson:cluster'] === cluster)
    .filter(({ instance: { tags } }) => uid === undefined || tags['keelson:uid'] === uid)
    .map(({ id }) => machines.k3s.serverOn(id))
    .find((server) => server?.membership != null);
}
