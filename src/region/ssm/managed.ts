/** DescribeInstanceInformation: the machines whose agents have ever registered. */
import { AwsError } from '../aws-error.js';
import type { ManagedMachine } from '../machine/managed.js';
import { type Input, objects, page, type SsmContext, seconds, text, texts } from './context.js';

/** Filters of both generations: `Filters` (Key, Values) and `InstanceInformationFilterList` (key, valueSet). */
export function describeInstanceInformation(context: SsmContext, input: Input): Input {
  const filters = [
    ...objects(input, 'Filters').map((filter) => ({ Key: text(filter, 'Key') ?? '', Values: texts(filter, 'Values') })),
    ...objects(input, 'InstanceInformationFilterList').map((filter) => ({
      Key: text(filter, 'key') ?? '',
      Values: texts(filter, 'valueSet'),
    })),
  ];
  refuseMixed(filters.map(({ Key }) => Key));
  const found = context.machines
    .all()
    .filter((machine) => machine.instance.region === context.region && machine.agent.known)
    .filter((machine) => filters.every((filter) => matches(machine, filter)));
  const { items, ...next } = page(found, input, 50);
  return { InstanceInformationList: items.map(view), ...next };
}

/** [docs: DescribeInstanceInformation, Filters; the words: danmx/sigil#61] */
function refuseMixed(keys: string[]): void {
  const isTag = (key: string): boolean => key === 'tag-key' || key.startsWith('tag:');
  if (!keys.some(isTag) || keys.every(isTag)) return;
  throw new AwsError('ValidationException', 400, 'Cannot mix tag or inventory filter with any other filter.');
}

/** `tag:<key>` with values, or `tag-key`, or `InstanceIds`: what Targets and filters have in common. */
export function matchesTags(machine: ManagedMachine, filters: { Key: string; Values: string[] }[]): boolean {
  return filters.every((filter) => matches(machine, filter));
}

function matches(machine: ManagedMachine, { Key, Values }: { Key: string; Values: string[] }): boolean {
  const { tags } = machine.instance;
  if (Key.startsWith('tag:')) return Values.includes(tags[Key.slice(4)] ?? '\0');
  switch (Key.toLowerCase()) {
    case 'tag-key':
      return Values.some((key) => key in tags);
    case 'instanceids':
      return Values.includes(machine.id);
    case 'pingstatus':
      return Values.includes(pingStatus(machine));
    case 'platformtypes':
      return Values.includes('Linux');
    case 'resourcetype':
      return Values.includes('EC2Instance');
    default:
      return false;
  }
}

function pingStatus(machine: ManagedMachine): string {
  return machine.agent.online ? 'Online' : 'ConnectionLost';
}

function view(machine: ManagedMachine): Input {
  const { instance, agent } = machine;
  return {
    InstanceId: machine.id,
    PingStatus: pingStatus(machine),
    LastPingDateTime: seconds(Date.now()),
    AgentVersion: '3.3.3050.0',
    IsLatestVersion: true,
    PlatformType: 'Linux',
    PlatformName: 'Amazon Linux',
    PlatformVersion: '2023',
    ResourceType: 'EC2Instance',
    IPAddress: instance.privateIp,
    ComputerName: `ip-${instance.privateIp.replaceAll('.', '-')}.${instance.region}.compute.internal`,
    RegistrationDate: seconds(agent.registeredAt ?? 0),
    ...(instance.instanceProfile === null ? {} : { IamRole: instance.instanceProfile }),
  };
}
