import * as z from 'zod';
import { flag, text, whole } from './field.js';

const resource = (prefix: string, what: string, description: string) =>
  text(
    new RegExp(`^${prefix}-[0-9a-f]{8,17}$`),
    `is not the id of ${what}`,
    description,
    `${prefix}-0a1b2c3d4e5f60718`,
  );

export const image = z
  .union([
    z.strictObject({ id: resource('ami', 'an image', 'The image itself.') }),
    z.strictObject({
      ssmParameter: text(
        /^\/[A-Za-z0-9_.\-/]{1,1010}$/,
        'is not the name of an SSM parameter',
        "Parameter that holds the image's id; resolved once and then pinned, until the image is gone or older than maxAgeDays. If absent: Amazon Linux 2023.",
        '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
      ).optional(),
      maxAgeDays: whole(
        1,
        3650,
        'A new instance gets the image of now when the pinned one was chosen so many days ago. Nodes that exist keep theirs.',
        30,
      ).optional(),
    }),
  ])
  .describe('Image of all nodes. If absent: Amazon Linux 2023 for each architecture in use.');

export const network = z
  .strictObject({
    vpcId: resource('vpc', 'a VPC', 'VPC of the nodes. If absent: the default VPC.').optional(),
    subnetIds: z
      .array(resource('subnet', 'a subnet', 'A subnet of the VPC.'))
      .min(1)
      .max(20)
      .optional()
      .describe('Subnets over which nodes are spread. If absent: all default subnets of the VPC.'),
    securityGroupIds: z
      .array(resource('sg', 'a security group', 'A security group of the VPC.'))
      .min(1)
      .max(5)
      .optional()
      .describe(
        'Groups of the nodes. If absent: Keelson makes one for servers and one for agents, keeps their rules as the document asks, and deletes them with the cluster.',
      ),
    extraSecurityGroupIds: z
      .array(resource('sg', 'a security group', 'A security group of the VPC.'))
      .max(4)
      .default([])
      .describe(
        'Further groups of all nodes, beside their own. A change reaches nodes that exist, at once. Keelson changes nothing in these groups.',
      ),
    publicIp: flag('Whether nodes get a public IPv4 address.').default(true),
  })
  .prefault({})
  .describe('Where the nodes are.');

const ingress = z
  .strictObject({
    protocol: z.enum(['tcp', 'udp', 'icmp']).default('tcp').describe('icmp has no port: all of it is let in.'),
    port: whole(1, 65_535, 'The port, or the first of several.', 443).optional(),
    toPort: whole(1, 65_535, 'The last of several ports.', 30_100).optional(),
    cidrs: z
      .array(z.string().meta({ description: 'An IPv4 network.', examples: ['203.0.113.0/24'] }))
      .min(1)
      .max(50)
      .describe('Networks from which the port is open.'),
    nodes: z.enum(['all', 'servers', 'agents']).default('all').describe('Nodes on which the port is open.'),
  })
  .describe('Ports that are open to networks.');

const HOST = /^[A-Za-z0-9]([A-Za-z0-9.:-]*[A-Za-z0-9])?$/;

export const access = z
  .strictObject({
    apiHostname: text(
      HOST,
      'is not a host name or an address',
      'Stable name of the API in the kubeconfig. If absent: the public address of a server, else its private one.',
      'k3s.example.org',
    ).optional(),
    extraSans: z
      .array(text(HOST, 'is not a host name or an address', 'A name or an address.', 'k3s.internal'))
      .max(100)
      .default([])
      .describe('Further names and addresses in the certificate of the API.'),
    apiCidrs: z
      .array(z.string().meta({ description: 'An IPv4 network.', examples: ['203.0.113.0/24'] }))
      .max(500)
      .default([])
      .meta({
        description:
          "Networks from which port 6443 of the servers may be reached. It can change at any time. Empty: only the cluster's own nodes reach it, so that nothing is open to the world by default.",
        examples: [['203.0.113.0/24']],
      }),
    ingress: z
      .array(ingress)
      .max(50)
      .default([])
      .meta({
        description: 'What else is let in from outside: the ports of workloads. It can change at any time.',
        examples: [[{ port: 443, cidrs: ['0.0.0.0/0'] }]],
      }),
    metadataHopLimit: whole(
      1,
      64,
      'How many network hops an answer of the instance metadata may take: with 1 no pod gets the credentials of the node, with 2 each pod does.',
      1,
    ).default(1),
    instanceProfile: text(
      /^(arn:aws[a-z-]*:iam::\d{12}:instance-profile\/([A-Za-z0-9_+=,.@-]+\/)*)?[A-Za-z0-9_+=,.@-]{1,128}$/,
      'is neither the name nor the ARN of an instance profile',
      'Instance profile of the nodes, by name or ARN. Its role must be one that the worker may pass. If absent: KEELSON_INSTANCE_PROFILE of the worker.',
      'keelson-node',
    ).optional(),
  })
  .prefault({})
  .describe('Who reaches the API, under which names, and what the nodes may do.');
