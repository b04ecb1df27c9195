import { serverCountOf } from '../../ids.js';
import { canonicalCidr, contains, type Network, overlap, parseAddress, parseCidr } from '../cidr.js';
import type { ClusterDocument } from '../schema.js';
import { type Violation, valueText } from '../violation.js';
import { checkCidr } from './networks.js';
import type { Rule } from './rule.js';

/** K3s's own defaults, which count if the document sets only one of the two. [docs: cli/server] */
export const DEFAULT_CIDR = { 'cluster-cidr': '10.42.0.0/16', 'service-cidr': '10.43.0.0/16' } as const;

type Key = keyof typeof DEFAULT_CIDR;
const KEYS = ['cluster-cidr', 'service-cidr'] as const;

const at = (key: string, ...more: (string | number)[]) => ['spec', 'k3s', 'config', key, ...more];

/** Checks the networks of pods and services: of the family of the nodes, large enough, apart from each other and from EC2's own. */
export const clusterNetworks: Rule = (document) => {
  const broken = KEYS.flatMap((key) => syntax(document, key));
  if (broken.length > 0) return broken;
  const [pods, services] = KEYS.map((key) => networkOf(document, key));
  if (pods === null || pods === undefined || services === null || services === undefined) return [];
  return [
    ...apart(document, pods, services),
    ...KEYS.flatMap((key) => taken(document, key)),
    ...roomForNodes(document, pods),
    ...serviceSize(document, services),
    ...clusterDns(document, services),
  ];
};

/** Several in one text or in a list mean dual stack. */
function partsOf({ spec }: ClusterDocument, key: string): { text: string; path: (string | number)[] }[] {
  const value = spec.k3s.config[key];
  if (value === undefined) return [];
  return [value].flat().flatMap((entry, index) => {
    const path = at(key, ...(Array.isArray(value) ? [index] : []));
    return String(entry)
      .split(',')
      .map((text) => ({ text: text.trim(), path }));
  });
}

/** Returns the effective network, K3s's default included; null if it is unreadable. */
export function networkOf(document: ClusterDocument, key: Key): Network | null {
  return parseCidr(partsOf(document, key)[0]?.text ?? DEFAULT_CIDR[key]);
}

/**
 * Keelson gives nodes their private IPv4 address as node-ip, and K3s exits if pods have a family that its node lacks. [k3s source:
 * pkg/agent/run.go, "must share the same IP version"]
 */
function syntax(document: ClusterDocument, key: Key): Violation[] {
  const parts = partsOf(document, key);
  return parts.flatMap(({ text, path }, index): Violation[] => {
    if (text.includes(':')) {
      const message = `${valueText(text)} is an IPv6 network, and the nodes have IPv4 addresses only`;
      return [{ path, message, hint: `one IPv4 network, for example ${DEFAULT_CIDR[key]}` }];
    }
    const wrong = checkCidr(text, path, `for example ${DEFAULT_CIDR[key]}`);
    if (wrong.length > 0 || index === 0) return wrong;
    return [{ path, message: `${valueText(text)} is a second IPv4 network`, hint: 'keep one: K3s takes one a family' }];
  });
}

function apart({ spec }: ClusterDocument, pods: Network, services: Network): Violation[] {
  const last = KEYS.filter((key) => spec.k3s.config[key] !== undefined).at(-1);
  if (last === undefined || !overlap(pods, services)) return [];
  return [
    {
      path: at(last),
      message: `the networks of pods (${canonicalCidr(pods)}) and services (${canonicalCidr(services)}) overlap`,
      hint: `for example ${DEFAULT_CIDR['cluster-cidr']} and ${DEFAULT_CIDR['service-cidr']}`,
    },
  ];
}

/** Networks that nodes cannot use. [RFC 6890; docs: EC2 instance metadata and the Amazon DNS server are link-local] */
const TAKEN = [
  { cidr: '0.0.0.0/8', what: 'which means this host' },
  { cidr: '127.0.0.0/8', what: 'the loopback network' },
  { cidr: '169.254.0.0/16', what: 'where EC2 has its metadata and DNS' },
  { cidr: '224.0.0.0/3', what: 'which is multicast and reserved' },
];

function taken(document: ClusterDocument, key: Key): Violation[] {
  const network = networkOf(document, key);
  const path = partsOf(document, key)[0]?.path;
  if (network === null || path === undefined) return [];
  const met = TAKEN.find(({ cidr }) => {
    const other = parseCidr(cidr);
    return other !== null && overlap(network, other);
  });
  if (met === undefined) return [];
  const message = `${canonicalCidr(network)} overlaps ${met.cidr}, ${met.what}`;
  return [{ path, message, hint: `for example ${DEFAULT_CIDR[key]}` }];
}

/** Size of each node's network. [k8s.io: kube-controller-manager --node-cidr-mask-size, default 24 for IPv4] */
const NODE_BITS = 24;
const MASK_FLAG = /^(?:--)?node-cidr-mask-size(?:-ipv4)?=(\d{1,2})$/;

export function nodeBits({ spec }: ClusterDocument): number {
  const args = [spec.k3s.config['kube-controller-manager-arg'], spec.k3s.config['kube-controller-manager-arg+']].flat();
  const given = args.flatMap((arg) => (typeof arg === 'string' ? (MASK_FLAG.exec(arg)?.[1] ?? []) : []));
  return Number(given.at(-1) ?? NODE_BITS);
}

/**
 * Every node gets its own network out of cluster-cidr. The first node beyond them is Ready but has no pods, because flannel waits for its
 * network. [k8s source: pkg/controller/nodeipam/ipam/cidrset, "no remaining CIDRs left to allocate"]
 */
function roomForNodes(document: ClusterDocument, pods: Network): Violation[] {
  const { spec } = document;
  const path = partsOf(document, 'cluster-cidr')[0]?.path ?? ['spec', 'pools'];
  const bits = nodeBits(document);
  const room = bits < pods.bits ? 0 : 2 ** (bits - pods.bits);
  const nodes = serverCountOf(spec) + spec.pools.reduce((sum, pool) => sum + pool.count, 0);
  if (nodes <= room) return [];
  const needed = bits - Math.ceil(Math.log2(nodes));
  const message = `${canonicalCidr(pods)} has room for ${room} ${room === 1 ? 'node' : 'nodes'} with a /${bits} each, and the document asks for ${nodes}`;
  return [{ path, message, hint: `a network of /${needed} or larger in spec.k3s.config.cluster-cidr` }];
}

/**
 * K3s puts cluster-dns at the tenth address; it exits below 8 addresses, and the API server above 2^20. [k8s source:
 * controlplane/apiserver/options]
 */
function serviceSize(document: ClusterDocument, services: Network): Violation[] {
  const path = partsOf(document, 'service-cidr')[0]?.path;
  if (path === undefined) return [];
  const smallest = document.spec.k3s.config['cluster-dns'] === undefined ? 28 : 29;
  if (services.bits >= 12 && services.bits <= smallest) return [];
  const size = services.bits < 12 ? 'large' : 'small';
  const message = `${canonicalCidr(services)} is too ${size} for services`;
  return [{ path, message, hint: `a network from /12 to /${smallest}` }];
}

/**
 * cluster-dns must be an address of the services' network. [k3s source: pkg/cli/server/server.go, "invalid cluster-dns address"; docs:
 * cli/server, "should be in your service-cidr range"]
 */
function clusterDns(document: ClusterDocument, services: Network): Violation[] {
  const range = canonicalCidr(services);
  return partsOf(document, 'cluster-dns').flatMap(({ text, path }): Violation[] => {
    const address = parseAddress(text);
    const hint = `an address of ${range} other than its first two`;
    if (address === null) return [{ path, message: `${valueText(text)} is not an IPv4 address`, hint }];
    const inside = contains(services, address);
    if (!inside) return [{ path, message: `${text} is not in the network of services, ${range}`, hint }];
    // The first names the network, the second is the service of the API. [k8s source: ServiceIPRange]
    return address - services.base > 1 ? [] : [{ path, message: `${text} is taken in ${range}`, hint }];
  });
}
