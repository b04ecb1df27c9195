import { KNOWN_ERRORS } from '../errors/index.js';
import { type About, alike, instancesOf, placeOf, type Specific, SUBNET, unique } from './about.js';
import { AWS_HINTS } from './aws-hints.js';

const ACTION = /(?:perform|allow(?:s)? the|no .*?policy allows the)[: ]+([a-z0-9]+:[A-Za-z]+)/;
const PRINCIPAL = /arn:aws[a-z-]*:(?:sts|iam)::\d{12}:(?:assumed-role|role|user)\/[\w+=,.@/-]+/;
const RESOURCE = /on resource: (\S+)/;
const TYPE = /\b[a-z][a-z0-9-]*[0-9][a-z0-9-]*\.[0-9]*[a-z]+\b/;

/** `allow ec2:RunInstances on arn:... to arn:aws:sts::123456789012:assumed-role/keelson/worker`. */
const permission: Specific = ({ message, region }) => {
  const action = ACTION.exec(message)?.[1];
  const principal = PRINCIPAL.exec(message)?.[0];
  if (action === undefined && principal === undefined) return null;
  const account = /::(\d{12}):/.exec(principal ?? '')?.[1];
  const resource = RESOURCE.exec(message)?.[1];
  const who = `${principal ?? "the worker's role"}${account === undefined ? '' : ` (account ${account})`}`;
  const what = `${action ?? 'the action'}${resource === undefined ? '' : ` on ${resource}`} in ${region}`;
  const denied = /explicit deny/i.test(message)
    ? '; the denial is explicit: look for a Deny in its policies, the permissions boundary and the service control policies'
    : '; the stack of deploy/aws/keelson.yaml has the statement';
  return `allow ${what} to ${who}${denied}`;
};

const capacity: Specific = ({ message, region }) => {
  const type = TYPE.exec(message)?.[0];
  if (type === undefined) return null;
  const subnets = unique(message, SUBNET);
  const where = subnets.length === 0 ? '' : ` besides ${subnets.join(', ')}`;
  return `wait, add subnets of other zones of ${region}${where}, or choose another type than ${type}: aws ec2 describe-instance-type-offerings --region ${region} --location-type availability-zone --filters Name=instance-type,Values=${type}`;
};

const types: Specific = ({ region, message }) => {
  const type = TYPE.exec(message)?.[0];
  const filter = type === undefined ? '' : ` --filters Name=instance-type,Values=${type.split('.')[0]}.*`;
  return `choose a type that ${region} offers in the zones of your subnets: aws ec2 describe-instance-type-offerings --region ${region} --location-type availability-zone${filter}`;
};

const subnets: Specific = ({ region }) =>
  `name subnets of one VPC of ${region} in spec.network.subnetIds: aws ec2 describe-subnets --region ${region}`;

const image: Specific = ({ region }) =>
  `name an image that exists in ${region} and that this account may use, or leave spec.image out: aws ec2 describe-images --region ${region} --image-ids ID`;

const agent: Specific = (about) => {
  const ids = instancesOf(about);
  if (ids.length === 0) return null;
  const inWhich = unique(about.message, SUBNET);
  const route = inWhich.length === 0 ? '' : ` of ${inWhich.join(', ')}`;
  return `check the route${route} to SSM (NAT gateway, or the endpoints ssm, ssmmessages and ec2messages), the instance profile and the agent: aws ssm describe-instance-information --region ${about.region} --filters Key=InstanceIds,Values=${ids.join(',')}`;
};

const logs: Specific = ({ cluster, slots, hint }) =>
  slots.length === 0 ? null : `${hint}${hint === '' ? '' : '; '}keelson logs ${cluster} ${slots[0]}`;

const job: Specific = ({ cluster, slots, message, hint }) => {
  const killed = /exit 137/.test(message)
    ? 'exit 137 means that the script was killed, most often because memory ran out: choose a larger type, or see dmesg on the node'
    : hint;
  return slots.length === 0 ? killed : `${killed}; keelson logs ${cluster} ${slots[0]} --jobs`;
};

/** Asked of a server: agents have no access to the API. */
const kubectl =
  (words: (about: About) => string): Specific =>
  (about) =>
    about.server === null
      ? null
      : `${about.hint}: keelson exec ${about.cluster} ${about.server} -- k3s kubectl ${words(about)}`;

const describeNode = kubectl(({ nodeNames: [name] }) => `describe node${name === undefined ? 's' : ` ${name}`}`);
const budgets = kubectl(() => 'get pdb,pods -A -o wide');

const checks: Specific = (about) => {
  const ids = instancesOf(about);
  return ids.length === 0
    ? null
    : `${about.hint}: aws ec2 describe-instance-status --region ${about.region} --instance-ids ${ids.join(' ')}`;
};

const vpc: Specific = ({ region }) =>
  `name a VPC of ${region} in spec.network.vpcId, or make a default one: aws ec2 create-default-vpc --region ${region}`;

const database: Specific = ({ cluster, slots, hint }) =>
  slots[0] === undefined
    ? null
    : `${hint}; size now: keelson exec ${cluster} ${slots[0]} -- du -sh /var/lib/rancher/k3s/server/db`;

const disk: Specific = ({ cluster, slots, hint }) =>
  slots[0] === undefined
    ? null
    : `${hint}; what fills it: keelson exec ${cluster} ${slots[0]} -- du -xh -d 3 /var --threshold=1G`;

const clock: Specific = ({ cluster, slots }) =>
  slots[0] === undefined
    ? null
    : `start chronyd there, certificates and leases go by the clock: keelson exec ${cluster} ${slots[0]} -- chronyc tracking`;

const tags: Specific = (about) => {
  const ids = instancesOf(about);
  return ids.length === 0
    ? null
    : `${about.hint}: aws ec2 describe-tags --region ${about.region} --filters Name=resource-id,Values=${ids.join(',')}`;
};

const renewal: Specific = ({ cluster, hint }) => `${hint}; all at once: keelson rotate ${cluster} certificates`;

const mirror: Specific = ({ cluster, slots, message, hint }) => {
  const url = /https?:\/\/[^\s,;)]+/.exec(message)?.[0].replace(/[.:]$/, '');
  return slots[0] === undefined || url === undefined
    ? null
    : `${hint}: keelson exec ${cluster} ${slots[0]} -- curl --head --silent --show-error ${url}`;
};

const started: Specific = ({ cluster, hint }) => `${hint}: keelson events ${cluster}`;

const BY_CODE: Readonly<Record<string, Specific>> = {
  ...AWS_HINTS,
  ...alike(
    permission,
    'AccessDenied',
    'AccessDeniedException',
    'UnauthorizedOperation',
    'Client.UnauthorizedOperation',
  ),
  ...alike(
    capacity,
    'InsufficientInstanceCapacity',
    'InsufficientCapacity',
    'Server.InsufficientInstanceCapacity',
    'Unsupported',
  ),
  ...alike(types, 'TypeNotOffered', 'TypeUnknown', 'InvalidInstanceType'),
  ...alike(subnets, 'SubnetUnknown', 'SubnetNotInVpc', 'NoSubnets', 'InvalidSubnetID.NotFound'),
  ...alike(image, 'ImageNotFound', 'InvalidAMIID.NotFound', 'InvalidAMIID.Unavailable'),
  ...alike(
    agent,
    'AgentNotRegistered',
    'AgentLost',
    'AgentsUnreachable',
    'InvalidInstanceId',
    'AgentsOnline',
    'CommandUndelivered',
  ),
  ...alike(vpc, 'VpcUnknown', 'NoDefaultVpc', 'VPCIdNotSpecified', 'DefaultVpcDoesNotExist'),
  ...alike(job, 'NodeScriptFailed', 'NodeScriptTimedOut', 'DiskFull', 'BinaryUnusable'),
  ...alike(logs, 'ServiceFailed', 'K3sRunning', 'ApiServersReady'),
  ...alike(describeNode, 'NodesReady', 'NodesWithoutPressure', 'NodeNotReady'),
  ...alike(budgets, 'DrainFailed', 'DrainHeld', 'DrainNeedsForce', 'DrainNeedsEmptyDir'),
  ...alike(checks, 'InstancesHealthy'),
  ...alike(mirror, 'MirrorUnreachable', 'MirrorRefused'),
  ...alike(started, 'InstancesRunning', 'K3sInstalled'),
  InstancesTagged: tags,
  CertificatesValid: renewal,
  NodesLabelled: kubectl(() => 'get nodes --show-labels'),
  ApiAvailable: kubectl(() => 'get --raw /readyz?verbose'),
  EtcdSpace: database,
  DisksFree: disk,
  ClocksSynchronized: clock,
};

/** Commands in general hints, to which the name belongs. */
const COMMAND = /`keelson (repair|restore|retry|events|backups|backup|drill|resize)`/g;

/**
 * Returns a hint that names what it is about: region and account, subnets, instances, action and role, the commands with the cluster's name. Where
 * nothing of that is known, the general one with its commands for this cluster.
 */
export function hintFor(about: About): string {
  const { cluster, region, code, slots } = about;
  const specific = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  const general = about.hint
    .replaceAll(COMMAND, (_, command: string) => `\`keelson ${command} ${cluster}\``)
    .replaceAll('<region>', region);
  const told = specific?.({ ...about, hint: general }) ?? null;
  if (told !== null) return told;
  const source = Object.hasOwn(KNOWN_ERRORS, code) ? KNOWN_ERRORS[code] : undefined;
  if (source === undefined || general === '') return general;
  const isAtAws = source.source !== 'Keelson' && source.source !== 'network';
  if (isAtAws) return general.includes(region) ? general : `${general} (${source.source} in ${placeOf(about)})`;
  const [slot] = slots;
  return source.class === 'node-script' && slot !== undefined && !general.includes('keelson ')
    ? `${general}; keelson logs ${cluster} ${slot} --jobs`
    : general;
}
