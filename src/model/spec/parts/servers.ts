import * as z from 'zod';
import { capacityReservation } from './capacity-reservation.js';
import { DNS_LABEL, mapping, text, whole } from './field.js';
import { k3sConfig } from './k3s.js';
import { node } from './node.js';
import { rootVolume, volumes } from './volumes.js';

/** EC2 instance types: family, a dot, size; `u-6tb1.56xlarge` and `m7i-flex.large` count too. */
export const instanceType = (description: string) =>
  text(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'is not an EC2 instance type', description, 't3.medium');

export const servers = z
  .strictObject({
    count: z
      .literal([1, 3, 5, 7])
      .optional()
      .describe(
        'How many: 3, 5 or 7 in mode ha, by default 3; 1 in mode dev. Five bear the loss of two; each further one makes every write to etcd slower. It can grow.',
      ),
    instanceType: instanceType('Type of the servers.'),
    rootVolume,
    volumes,
    capacityReservation: capacityReservation.optional(),
    node,
  })
  .describe('The K3s servers: three, five or seven in mode ha, one in mode dev.');

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
    fallbackTypes: z
      .array(instanceType('A type that does as well.'))
      .max(20)
      .default([])
      .describe(
        'Types to launch, in this order, when AWS has no capacity for instanceType in any subnet. An agent that has one of them is as asked for and stays.',
      ),
    zones: z
      .array(
        text(
          /^[a-z]{2,4}(-[a-z]+){1,3}-\d{1,2}(-[a-z0-9]+)*[a-z]$/,
          'is not an availability zone',
          'A zone.',
          'eu-west-1a',
        ),
      )
      .min(1)
      .max(10)
      .optional()
      .describe('Zones in which agents are launched, out of those of the subnets. If absent: all.'),
    config: k3sConfig({
      description: "K3s settings of the pool's agents, over those of spec.k3s.config.",
      example: { 'kubelet-arg': ['max-pods=50'] },
    }),
    rootVolume,
    volumes,
    capacityReservation: capacityReservation.optional(),
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
