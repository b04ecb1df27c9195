import { z } from 'zod';
import { DNS_LABEL, flag, mapping, text, whole } from './field.js';
import { node } from './node.js';

/** EC2 instance types: family, a dot, size; `u-6tb1.56xlarge` and `m7i-flex.large` count too. */
export const instanceType = (description: string) =>
  text(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'is not an EC2 instance type', description, 't3.medium');

export const rootVolume = z
  .strictObject({
    sizeGiB: whole(8, 16384, 'Size in GiB.', 30).default(30),
    type: z.enum(['gp3', 'gp2']).default('gp3').describe('EBS volume type.'),
    encrypted: flag("Encrypted with the account's default EBS key.").default(true),
  })
  .prefault({})
  .describe('Root volume of each node; deleted together with its instance.');

export const servers = z
  .strictObject({
    instanceType: instanceType('Type of the servers.'),
    rootVolume,
    node,
  })
  .describe('The K3s servers: three in mode ha, one in mode dev.');

export const pool = z
  .strictObject({
    name: text(
      DNS_LABEL,
      'is not a DNS label',
      'Unique name; nodes are called <cluster>-<name>-<n>-g<generation>.',
      'workers',
    ).max(40),
    count: whole(0, 500, 'Number of agents.', 2),
    instanceType: instanceType("Type of the pool's agents."),
    rootVolume,
    labels: mapping(z.string(), 100, { description: 'Kubernetes labels of the nodes.', example: { disk: 'ssd' } }),
    taints: z
      .array(
        z.string().meta({ description: 'key=value:Effect or key:Effect.', examples: ['dedicated=batch:NoSchedule'] }),
      )
      .max(50)
      .default([])
      .meta({ description: 'Kubernetes taints of the nodes.', examples: [['dedicated=batch:NoSchedule']] }),
    node,
  })
  .describe('A pool of agents that are alike.');
