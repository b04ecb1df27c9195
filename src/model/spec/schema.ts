import * as z from 'zod';
import { account } from './parts/account.js';
import { DNS_LABEL, flag, mapping, text } from './parts/field.js';
import { k3s } from './parts/k3s.js';
import { access, image, network } from './parts/network.js';
import { pool, servers } from './parts/servers.js';
import { backup, deletion, health, hibernation, upgrade } from './parts/upkeep.js';

export { DEFAULT_MIRROR } from './parts/k3s.js';

const metadata = z
  .strictObject({
    name: text(
      DNS_LABEL,
      'is not a DNS label (lower-case letters, digits, hyphens)',
      'Name of the cluster; it never changes.',
      'shop-eu',
    ).max(40),
    labels: mapping(z.string(), 100, { description: 'Labels for people and searches.', example: { team: 'shop' } }),
  })
  .describe('Who the cluster is.');

const spec = z
  .strictObject({
    region: text(
      /^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}$/,
      'is not an AWS region',
      'AWS region; it never changes.',
      'eu-west-1',
    ),
    account: account.optional(),
    mode: z.enum(['ha', 'dev']).describe('ha: three servers or more with embedded etcd; dev: one.'),
    state: z.enum(['running', 'stopped']).default('running').describe('Whether the cluster runs.'),
    paused: flag('Observe only, change nothing.').default(false),
    servers,
    pools: z.array(pool).max(20).default([]).describe('Pools of agents.'),
    k3s,
    image: image.optional(),
    network,
    access,
    backup: backup.optional(),
    hibernation: hibernation.optional(),
    upgrade,
    health,
    drift: z
      .enum(['report', 'repair'])
      .default('report')
      .describe('What is done when someone else changed instance types, tags, or the configuration or files of nodes.'),
    deletion,
    tags: mapping(z.string(), 100, { description: 'AWS tags of all that is made.', example: { 'cost-centre': '42' } }),
  })
  .describe('What is wanted.');

/** The cluster document, version keelson/v1. Structure and syntax; `rules/` checks relations between fields. */
export const clusterSchema = z
  .strictObject({
    apiVersion: z.literal('keelson/v1').describe('Version of this format.'),
    kind: z.literal('Cluster').describe('Kind of document.'),
    metadata,
    spec,
  })
  .describe('A K3s cluster on AWS EC2, as Keelson makes and keeps it.');

/** As people write it: fields with a default are optional. */
export type ClusterDocumentInput = z.input<typeof clusterSchema>;

/** With the defaults filled in. Plain JSON. */
export type ClusterDocument = z.output<typeof clusterSchema>;
export type ClusterSpec = ClusterDocument['spec'];
export type Pool = ClusterSpec['pools'][number];
export type RootVolume = ClusterSpec['servers']['rootVolume'];
export type DataVolume = ClusterSpec['servers']['volumes'][number];
export type CapacityReservation = NonNullable<ClusterSpec['servers']['capacityReservation']>;
