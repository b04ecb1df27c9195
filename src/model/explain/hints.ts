/** What is known of the cluster and of the failure that a hint is about. */
export interface About {
  cluster: string;
  region: string;
  code: string;
  /** The failure's or the condition's whole text; ids, actions and roles are read from it. */
  message: string;
  /** Slots that it is about. */
  slots: readonly string[];
  /** Instances behind these slots. */
  instanceIds: readonly string[];
  /** The general hint of the code or condition. */
  hint: string;
}

type Specific = (about: About) => string | null;

const INSTANCE = /\bi-[0-9a-f]{8,17}\b/g;
const SUBNET = /\bsubnet-[0-9a-z]+\b/g;
const ACTION = /(?:perform|allow(?:s)? the|no .*?policy allows the)[: ]+([a-z0-9]+:[A-Za-z]+)/;
const PRINCIPAL = /arn:aws[a-z-]*:(?:sts|iam)::\d{12}:(?:assumed-role|role|user)\/[\w+=,.@/-]+/;
const RESOURCE = /on resource: (\S+)/;
const TYPE = /\b[a-z][a-z0-9-]*[0-9][a-z0-9-]*\.[0-9]*[a-z]+\b/;

const unique = (text: string, pattern: RegExp): string[] => [...new Set(text.match(pattern) ?? [])];
const instancesOf = ({ instanceIds, message }: About): string[] =>
  instanceIds.length > 0 ? [...instanceIds] : unique(message, INSTANCE);

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

const quota: Specific = ({ hint, region }) =>
  `${hint}: aws service-quotas list-service-quotas --region ${region} --service-code ec2`;

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

const node: Specific = ({ cluster, slots, hint }) =>
  slots.length === 0
    ? null
    : `${hint} (${slots.map((slot) => `keelson exec ${cluster} ${slot} -- k3s kubectl get nodes`)[0]})`;

const checks: Specific = (about) => {
  const ids = instancesOf(about);
  return ids.length === 0
    ? null
    : `${about.hint}: aws ec2 describe-instance-status --region ${about.region} --instance-ids ${ids.join(' ')}`;
};

const expired: Specific = () =>
  "give the worker fresh credentials (temporary ones expire), or set the clock of the worker's machine: AWS answers both with the same code";

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

const BY_CODE: Readonly<Record<string, Specific>> = {
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
  ...alike(quota, 'VcpuLimitExceeded', 'InstanceLimitExceeded', 'VolumeLimitExceeded', 'ResourceLimitExceeded'),
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
  ...alike(expired, 'RequestExpired', 'ExpiredToken', 'ExpiredTokenException'),
  ...alike(job, 'NodeScriptFailed', 'NodeScriptTimedOut', 'DiskFull', 'BinaryUnusable'),
  ...alike(logs, 'ServiceFailed', 'K3sRunning', 'ApiServersReady'),
  ...alike(node, 'NodesReady', 'NodesWithoutPressure', 'DrainFailed'),
  ...alike(checks, 'InstancesHealthy'),
  EtcdSpace: database,
  DisksFree: disk,
  ClocksInStep: clock,
};

function alike(specific: Specific, ...codes: string[]): Record<string, Specific> {
  return Object.fromEntries(codes.map((code) => [code, specific]));
}

/** A hint that names what it is about: region, subnets, instances, action and role. Where nothing of that is known, the general one. */
export function hintFor(about: About): string {
  const specific = Object.hasOwn(BY_CODE, about.code) ? BY_CODE[about.code] : undefined;
  return specific?.(about) ?? about.hint;
}
