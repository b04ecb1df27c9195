/** Networks that a region has from the start: a default VPC with a subnet a zone, and a second VPC beside it. */
import { sha256 } from '../sigv4.js';
import { fixedId } from './ids.js';

export interface Vpc {
  id: string;
  cidr: string;
  isDefault: boolean;
  tags: Record<string, string>;
}

export interface Subnet {
  id: string;
  vpcId: string;
  zone: string;
  cidr: string;
  /** Default subnets give each instance a public address. */
  mapPublicIp: boolean;
  isDefault: boolean;
  tags: Record<string, string>;
}

/** Account of the stack, the bucket and the queue. */
export const ACCOUNT_ID = '000000000000';

/** Account with a role for the worker, by deploy/aws/member-account.yaml. */
export const MEMBER_ACCOUNT_ID = '222222222222';

/** AWS keeps the first four addresses of a subnet and the last. [docs: VPC subnet sizing] */
const RESERVED = 4;

/**
 * @param order the region's place among the regions: networks of two regions differ, so that an address identifies the region. 10.42 and
 * 10.43 are K3s's own and never given.
 */
export function networksOf(region: string, order: number): { vpcs: Vpc[]; subnets: Subnet[] } {
  const own = makeVpc(region, order + 10, true, {});
  const other = makeVpc(region, order + 100, false, { Name: 'other' });
  return { vpcs: [own.vpc, other.vpc], subnets: [...own.subnets, ...other.subnets] };
}

/**
 * Returns the network for hosts of a command: one VPC, its /24 cut into a subnet a zone; a quarter stays unused.
 *
 * @param cidr as in 10.77.0.0/24
 */
export function hostNetworksOf(region: string, cidr: string): { vpcs: Vpc[]; subnets: Subnet[] } {
  const front = cidr.split('.').slice(0, 3).join('.');
  const id = fixedId('vpc', sha256(`${region}/${cidr}`).slice(0, 16));
  const vpc: Vpc = { id, cidr, isDefault: true, tags: {} };
  const subnets = zonesOf(region).map((zone, index): Subnet => {
    const subnetId = fixedId('subnet', sha256(`${id}/${zone}`).slice(0, 16));
    const block = `${front}.${index * 64}/26`;
    return { id: subnetId, vpcId: id, zone, cidr: block, mapPublicIp: true, isDefault: true, tags: {} };
  });
  return { vpcs: [vpc], subnets };
}

export function zonesOf(region: string): string[] {
  return ['a', 'b', 'c'].map((letter) => region + letter);
}

function makeVpc(region: string, second: number, isDefault: boolean, tags: Record<string, string>) {
  const digest = sha256(`${region}/${second}`);
  const vpc: Vpc = { id: fixedId('vpc', digest.slice(0, 16)), cidr: `10.${second}.0.0/16`, isDefault, tags };
  const subnets = zonesOf(region).map(
    (zone, index): Subnet => ({
      id: fixedId('subnet', sha256(`${vpc.id}/${zone}`).slice(0, 16)),
      vpcId: vpc.id,
      zone,
      cidr: `10.${second}.${index * 16}.0/20`,
      mapPublicIp: isDefault,
      isDefault,
      tags: tags['Name'] === undefined ? {} : { Name: `${tags['Name']}-${zone}` },
    }),
  );
  return { vpc, subnets };
}

/** Private addresses of the subnets: given in order, and again only after all others. */
export class PrivateAddresses {
  /** @param kept addresses that belong to something other than an instance */
  constructor(private readonly kept: ReadonlySet<string> = new Set()) {}

  private readonly next = new Map<string, number>();
  private readonly used = new Map<string, Set<string>>();

  /** @returns null when the subnet is full. */
  take(subnet: Subnet): string | null {
    const [a, b, c, d] = subnet.cidr.split('.').map((part) => Number.parseInt(part, 10));
    const used = this.usedIn(subnet.id);
    const room = roomIn(subnet);
    for (let tried = 0; tried < room; tried++) {
      const at = this.next.get(subnet.id) ?? 0;
      this.next.set(subnet.id, (at + 1) % room);
      const offset = at + RESERVED + (d ?? 0);
      const address = `${a}.${b}.${(c ?? 0) + (offset >> 8)}.${offset & 255}`;
      if (used.has(address) || this.kept.has(address)) continue;
      used.add(address);
      return address;
    }
    return null;
  }

  release(subnetId: string, address: string): void {
    this.usedIn(subnetId).delete(address);
  }

  free(subnet: Subnet): number {
    return roomIn(subnet) - this.usedIn(subnet.id).size;
  }

  private usedIn(subnetId: string): Set<string> {
    const used = this.used.get(subnetId) ?? new Set();
    this.used.set(subnetId, used);
    return used;
  }
}

/** Returns how many instances fit into a subnet. */
function roomIn({ cidr }: Subnet): number {
  return 2 ** (32 - Number(cidr.split('/')[1])) - RESERVED - 1;
}

/** Gives a starting instance its public address, and takes it back. */
export interface AddressPool {
  take(privateIp: string): string;
  release(address: string): void;
}

/** Hosts of a command have one address, which serves as both. */
export const SAME_ADDRESS: AddressPool = { take: (privateIp) => privateIp, release: () => undefined };

/**
 * Public addresses are loopback addresses, where the instance's API server can listen at 6443 on Linux. The simulator's port is in the
 * second and third number, so that simulators side by side on one machine do not share any.
 */
export class PublicAddresses implements AddressPool {
  private next = 0;
  private readonly used = new Set<string>();

  constructor(private readonly port: number) {}

  take(): string {
    for (;;) {
      const at = this.next++;
      const block = (this.port + Math.floor(at / 254)) % 65_536;
      const address = `127.${Math.max(1, block >> 8)}.${block & 255}.${(at % 254) + 1}`;
      if (this.used.has(address)) continue;
      this.used.add(address);
      if (this.next > 20_000) this.next = 0;
      return address;
    }
  }

  release(address: string): void {
    this.used.delete(address);
  }
}
