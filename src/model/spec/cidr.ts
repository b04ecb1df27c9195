import * as z from 'zod';

/** An IPv4 network as two numbers: the first address and the length of the prefix. */
export interface Network {
  base: number;
  bits: number;
}

const ipv4 = z.cidrv4();
const address = z.ipv4();

/** Reads `10.42.0.0/16`; null for anything else. Host bits may be set, see `hasHostBits`. */
export function parseCidr(text: string): Network | null {
  if (!ipv4.safeParse(text).success) return null;
  const [address = '', bits = ''] = text.split('/');
  const base = address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return { base, bits: Number(bits) };
}

/** Returns an IPv4 address as a number; null for anything else. */
export function parseAddress(text: string): number | null {
  if (!address.safeParse(text).success) return null;
  return text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

const sizeOf = (network: Network): number => 2 ** (32 - network.bits);
const firstOf = (network: Network): number => Math.floor(network.base / sizeOf(network)) * sizeOf(network);

export const hasHostBits = (network: Network): boolean => firstOf(network) !== network.base;

export function overlap(a: Network, b: Network): boolean {
  return firstOf(a) < firstOf(b) + sizeOf(b) && firstOf(b) < firstOf(a) + sizeOf(a);
}

export const contains = (network: Network, one: number): boolean =>
  one >= firstOf(network) && one < firstOf(network) + sizeOf(network);

/** Returns the network of an address with its prefix length, as text. */
export function canonicalCidr(network: Network): string {
  const first = firstOf(network);
  const octets = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${octets.join('.')}/${network.bits}`;
}
