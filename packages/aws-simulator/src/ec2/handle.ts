/** EC2's entry: the Query protocol with XML answers. [docs: EC2 Query API] */
import { AwsError, errorReply } from '../aws-error.js';
import type { AwsCall, HttpReply, MachineHost } from '../contract.js';
import type { EventBus } from '../events/bus.js';
import type { HostSettings } from '../hosts/settings.js';
import type { LocalWorld } from '../world.js';
import { element, XML_DECLARATION } from '../xml.js';
import { Account } from './account.js';
import * as catalogue from './actions/catalogue.js';
import { describeInstanceStatus, describeInstances } from './actions/describe-instances.js';
import {
  describeInstanceAttribute,
  modifyInstanceAttribute,
  modifyNetworkInterfaceAttribute,
} from './actions/instance-attributes.js';
import { describeSubnets, describeVpcs } from './actions/networks.js';
import { rebootInstances, startInstances, stopInstances, terminateInstances } from './actions/power.js';
import { runInstances } from './actions/run-instances.js';
import * as groups from './actions/security-groups.js';
import { createSnapshot, deleteSnapshot, describeSnapshots } from './actions/snapshots.js';
import { createTags, deleteTags, describeTags } from './actions/tags.js';
import { attachVolume, detachVolume } from './actions/volume-attachments.js';
import { createVolume, deleteVolume, describeVolumes } from './actions/volumes.js';
import { createCapacityReservation } from './capacity-reservations.js';
import type { Action, Answer, Ec2Context } from './context.js';
import { formOf } from './form.js';
import { Lifecycle } from './lifecycle.js';
import { Limits } from './limits.js';
import { ACCOUNT_ID, hostNetworksOf, networksOf, PrivateAddresses, PublicAddresses, SAME_ADDRESS } from './network.js';
import { Params } from './params.js';

const ACTIONS: Record<string, Action> = {
  AttachVolume: attachVolume,
  AuthorizeSecurityGroupEgress: groups.authorizeSecurityGroupEgress,
  AuthorizeSecurityGroupIngress: groups.authorizeSecurityGroupIngress,
  CreateCapacityReservation: createCapacityReservation,
  CreateSecurityGroup: groups.createSecurityGroup,
  CreateSnapshot: createSnapshot,
  CreateTags: createTags,
  CreateVolume: createVolume,
  DeleteSecurityGroup: groups.deleteSecurityGroup,
  DeleteSnapshot: deleteSnapshot,
  DeleteTags: deleteTags,
  DeleteVolume: deleteVolume,
  DescribeAvailabilityZones: catalogue.describeAvailabilityZones,
  DescribeImages: catalogue.describeImages,
  DescribeInstanceAttribute: describeInstanceAttribute,
  DescribeInstanceStatus: describeInstanceStatus,
  DescribeInstanceTypeOfferings: catalogue.describeInstanceTypeOfferings,
  DescribeInstanceTypes: catalogue.describeInstanceTypes,
  DescribeInstances: describeInstances,
  DescribeSecurityGroups: groups.describeSecurityGroups,
  DescribeSnapshots: describeSnapshots,
  DescribeSubnets: describeSubnets,
  DescribeTags: describeTags,
  DescribeVolumes: describeVolumes,
  DescribeVpcs: describeVpcs,
  DetachVolume: detachVolume,
  ModifyInstanceAttribute: modifyInstanceAttribute,
  ModifyNetworkInterfaceAttribute: modifyNetworkInterfaceAttribute,
  RebootInstances: rebootInstances,
  RevokeSecurityGroupEgress: groups.revokeSecurityGroupEgress,
  RevokeSecurityGroupIngress: groups.revokeSecurityGroupIngress,
  StartInstances: startInstances,
  StopInstances: stopInstances,
  TerminateInstances: terminateInstances,
};

const NAMESPACE = ' xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"';

/** The regions of the stack's account have their names, those of others the account's id behind it. */
export const placeKey = (region: string, account: string): string =>
  account === ACCOUNT_ID ? region : `${region}@${account}`;

export class Ec2 {
  /** Regions of the account of the stack by name, those of other accounts by `placeKey`. */
  readonly accounts: ReadonlyMap<string, Account>;
  readonly lifecycle: Lifecycle;
  private readonly limits: Limits | null;

  constructor(
    private readonly world: LocalWorld,
    private readonly host: MachineHost,
    private readonly regions: readonly string[],
    bus: EventBus,
    hosts: Pick<HostSettings, 'network' | 'address'> | null = null,
    members: readonly string[] = [],
  ) {
    const addresses = new PublicAddresses(world.port);
    const accountOf = (region: string, order: number): Account =>
      hosts === null
        ? new Account(region, networksOf(region, order), addresses)
        : new Account(
            region,
            hostNetworksOf(region, hosts.network),
            SAME_ADDRESS,
            new PrivateAddresses(new Set([hosts.address])),
          );
    this.accounts = new Map([
      ...regions.map((region, order): [string, Account] => [region, accountOf(region, order)]),
      ...(hosts === null ? members : []).flatMap((id, member) =>
        regions.map((region, order): [string, Account] => {
          // Networks of two accounts differ, too.
          const networks = networksOf(region, (member + 1) * regions.length + order);
          return [placeKey(region, id), new Account(region, networks, addresses, new PrivateAddresses(), id)];
        }),
      ),
    ]);
    this.lifecycle = new Lifecycle(world, host, bus);
    this.limits = world.profile.name === 'aws' ? new Limits() : null;
  }

  async handle(call: AwsCall, requestId: string): Promise<HttpReply> {
    try {
      const answer = await this.answer(call);
      const body = element(`${call.action}Response`, { requestId, ...answer }, NAMESPACE);
      // Owners and ARNs are written for the account of the stack.
      const told = XML_DECLARATION + (call.account === ACCOUNT_ID ? body : body.replaceAll(ACCOUNT_ID, call.account));
      return { status: 200, headers: { 'content-type': 'text/xml;charset=UTF-8' }, body: told };
    } catch (error) {
      if (error instanceof AwsError) return errorReply('ec2', error, requestId);
      throw error;
    }
  }

  /** Launches without the account's limits: instances that must exist before a measurement. */
  async seed(region: string, form: URLSearchParams): Promise<void> {
    const account = this.accounts.get(region);
    if (account === undefined) throw new AwsError('AuthFailure', 401, `There is no region ${region} here.`);
    const context: Ec2Context = { world: this.world, host: this.host, lifecycle: this.lifecycle, account };
    await runInstances(context, Params.parse(form), form);
  }

  private async answer(call: AwsCall): Promise<Answer> {
    const account = this.accounts.get(placeKey(call.region, call.account));
    if (account === undefined) throw new AwsError('AuthFailure', 401, `There is no region ${call.region} here.`);
    const form = formOf(call);
    const params = Params.parse(form);
    this.limits?.check(
      placeKey(call.region, call.account),
      call.action,
      params.has('Filter') || params.has('InstanceId'),
      call.action === 'RunInstances' ? (params.integer('MaxCount') ?? 0) : 0,
    );
    const context: Ec2Context = { world: this.world, host: this.host, lifecycle: this.lifecycle, account };
    if (call.action === 'RunInstances') return runInstances(context, params, form);
    if (call.action === 'DescribeRegions') return catalogue.describeRegions(this.regions)(context, params);
    const action = ACTIONS[call.action];
    if (action !== undefined) return action(context, params);
    throw new AwsError(
      'InvalidAction',
      400,
      `The action ${call.action} is not valid for this web service (or not modelled here).`,
    );
  }
}
