import type { LocalWorld } from '../world.js';
import type { Account } from './account.js';
import type { Subnet } from './network.js';

/**
 * Returns how many addresses a subnet has left, as DescribeSubnets counts them: its size without the five that AWS keeps and without those of interfaces.
 * There are instances' interfaces, and those that a fault plan at `addresses` says others hold: load balancers, endpoints, other people's instances.
 * [docs: VPC subnet sizing; EC2 Subnet, AvailableIpAddressCount]
 */
export function freeAddresses(world: LocalWorld, account: Account, subnet: Subnet): number {
  const fault = world.fault('addresses', { subnetId: subnet.id, zone: subnet.zone, region: account.region });
  return Math.max(0, account.privateAddresses.free(subnet) - Number(fault?.data?.['others'] ?? 0));
}
