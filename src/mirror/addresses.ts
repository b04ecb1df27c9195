import { type LookupAddress, type LookupOptions, lookup } from 'node:dns';
import { BlockList, isIP } from 'node:net';

/**
 * Addresses that no K3s mirror has, but credentials and services of the worker's own machine do: this machine, the link with its metadata
 * services, and addresses that stand for any or many. [RFC 6890; AWS docs: instance metadata at 169.254.169.254 and fd00:ec2::254]
 */
const OWN = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['224.0.0.0', 3],
] as const)
  OWN.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::', 127],
  ['fe80::', 10],
  ['fd00:ec2::', 32],
  ['ff00::', 8],
  // IPv4 in IPv6: the address behind it may be any of the above. [RFC 6052, 4291]
  ['64:ff9b::', 96],
  ['::', 96],
] as const)
  OWN.addSubnet(network, bits, 'ipv6');

/** Returns whether an address belongs to this machine, its link, or no one. IPv4 in IPv6 form counts as IPv4. */
export function isOwnAddress(address: string): boolean {
  return OWN.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

/** Returns the host of a URL as an address, or null for a name. The URL parser has normalized every way to write 127.0.0.1. */
export function addressIn(url: URL): string | null {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  return isIP(host) === 0 ? null : host;
}

/** A name that leads to an address of this machine or its link. */
export class OwnAddress extends Error {
  override readonly name = 'OwnAddress';
  constructor(host: string, address: string) {
    super(`${host} is ${address}, an address of this machine or its link`);
  }
}

type Callback = (error: Error | null, address: string | LookupAddress[], family?: number) => void;

/**
 * `lookup` of a connection that refuses such addresses. It checks the address of the connection itself, so a name cannot change in between.
 */
export function publicLookup(host: string, options: LookupOptions, callback: Callback): void {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return callback(error, []);
    const own = addresses.find(({ address }) => isOwnAddress(address));
    if (own !== undefined) return callback(new OwnAddress(host, own.address), []);
    const [first] = addresses;
    if (options.all === true || first === undefined) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
}
