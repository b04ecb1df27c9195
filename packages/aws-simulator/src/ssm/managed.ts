/** DescribeInstanceInformation: the machines whose agents have ever registered. */
import { AwsError } from '../aws-error.js';
import { tableOf } from '../aws-tables/table.js';
import type { ManagedMachine } from '../machine/managed.js';
import { isIn } from './command.js';
import { type Input, objects, page, type SsmContext, seconds, text, texts } from './context.js';

/** "The default value is 10 items." [SDK docs; the table has it] */
const DEFAULT_PAGE = tableOf('ssm').structures['DescribeInstanceInformationRequest']?.['MaxResults']?.page ?? 10;

/** Filters of both generations: `Filters` (Key, Values) and `InstanceInformationFilterList` (key, valueSet). */
export function describeInstanceInformation(context: SsmContext, input: Input): Input {
  const filters = [
    ...objects(input, 'Filters').map((filter) => ({ Key: text(filter, 'Key') ?? '', Values: texts(filter, 'Values') })),
    ...objects(input, 'InstanceInformationFilterList').map((filter) => ({
      Key: text(filter, 'key') ?? '',
      Values: texts(filter, 'valueSet'),
    })),
  ];
  refuseUnknownIds(
    context,
    filters.flatMap(({ Key, Values }) => (Key === 'InstanceIds' ? Values : [])),
  );
  const found = context.machines
    .all()
    .filter((machine) => isIn(context, machine.instance) && machine.agent.known)
    // "This operation does not return information for nodes that are either Stopped or Terminated." [SDK docs]
    .filter(({ instance }) => instance.state !== 'stopped' && instance.state !== 'terminated')
    .filter((machine) => filters.every((filter) => matches(machine, filter)));
  const { items, ...next } = page(found, input, DEFAULT_PAGE);
  return { InstanceInformationList: items.map(view), ...next };
}

/** "If you specify a node ID that isn't valid or a node that you don't own, you receive an error." [SDK docs] */
function refuseUnknownIds(context: SsmContext, ids: string[]): void {
  const unknown = ids.filter((id) => {
    const instance = context.world.instances.get(id);
    return instance === undefined || !isIn(context, instance);
  });
  if (unknown.length === 0) return;
  throw new AwsError('InvalidInstanceId', 400, `Instances [[${unknown.join(', ')}]] not in a valid state for account`);
}

/** `tag:<key>` with values, or `tag-key`, or `InstanceIds`: common to Targets and filters. */
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
      throw new AwsError('InvalidFilterKey', 400, `${Key} filter Key is not modelled in the local region.`);
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
    LastPingDateTime: seconds(agent.lastPingAt),
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
