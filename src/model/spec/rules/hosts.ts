import * as z from 'zod';
import { type Violation, valueText } from '../violation.js';
import type { Rule } from './rule.js';

/** Checks names and addresses: a certificate and a URL must be able to hold them, without port, scheme or wildcard. */
export const hosts: Rule = ({ spec }) => [
  ...checkHost(spec.access.apiHostname, ['spec', 'access', 'apiHostname']),
  ...elsewhere(spec.access.apiHostname, ['spec', 'access', 'apiHostname'], SELF),
  ...inside(spec.access.apiHostname, String(spec.k3s.config['cluster-domain'] ?? 'cluster.local')),
  ...spec.access.extraSans.flatMap((san, index) => [
    ...checkHost(san, ['spec', 'access', 'extraSans', index]),
    ...elsewhere(san, ['spec', 'access', 'extraSans', index], UNSPECIFIED),
  ]),
  ...mirror(spec.k3s.mirror),
];

const address = z.union([z.ipv4(), z.ipv6()]);
const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const HINT = 'a DNS name or an address, for example k3s.example.org';

const UNSPECIFIED = /^(0\.0\.0\.0|::|255\.255\.255\.255)$/;
/** For a reader of the kubeconfig these mean the reader's own machine. */
const SELF = /^(0\.0\.0\.0|::1?|127\.[\d.]+|255\.255\.255\.255|localhost|169\.254\.[\d.]+)$/i;

function elsewhere(text: string | undefined, path: (string | number)[], not: RegExp): Violation[] {
  if (text === undefined || !not.test(text)) return [];
  return [{ path, message: `${valueText(text)} is not an address at which others reach the API`, hint: HINT }];
}

/** Only pods resolve names of the cluster's own domain. [k8s.io: DNS for services and pods] */
function inside(text: string | undefined, domain: string): Violation[] {
  if (text === undefined || !(text === domain || text.endsWith(`.${domain}`))) return [];
  const message = `${valueText(text)} is a name within the cluster, which no one outside resolves`;
  return [{ path: ['spec', 'access', 'apiHostname'], message, hint: HINT }];
}

function checkHost(text: string | undefined, path: (string | number)[]): Violation[] {
  if (text === undefined || address.safeParse(text).success) return [];
  const wrong = (message: string): Violation[] => [{ path, message: `${valueText(text)} ${message}`, hint: HINT }];
  if (/:\d{1,5}$/.test(text)) return wrong('has a port: the API listens on 6443');
  if (/^[\d.]+$/.test(text)) return wrong('is not an IPv4 address');
  if (text.includes(':')) return wrong('is not an IPv6 address');
  return nameProblem(text) === null ? [] : wrong(nameProblem(text) ?? '');
}

/** Returns what is wrong with a DNS name, or null. [RFC 1123 2.1] */
export function nameProblem(name: string): string | null {
  if (name.length > 253) return `has ${name.length} characters, and a DNS name has at most 253`;
  const wrong = name.split('.').find((label) => !LABEL.test(label));
  if (wrong === undefined) return null;
  return wrong.length > 63 ? 'has a part of more than 63 characters' : 'is not a DNS name';
}

function mirror(text: string): Violation[] {
  const path = ['spec', 'k3s', 'mirror'];
  const [, host = '', port] = /^https?:\/\/(\[[^\]]*\]|[^/:]*)(?::([^/]*))?/.exec(text) ?? [];
  const bare = host.replace(/^\[|\]$/g, '');
  if (!address.safeParse(bare).success && (/^[\d.]+$/.test(bare) || nameProblem(bare) !== null)) {
    return [{ path, message: `${valueText(bare)} is not a host`, hint: 'https://host/path' }];
  }
  if (port === undefined || (/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535)) return [];
  return [{ path, message: `${valueText(port)} is not a port`, hint: 'from 1 to 65535' }];
}
