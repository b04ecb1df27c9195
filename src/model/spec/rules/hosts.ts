import { z } from 'zod';
import { type Violation, valueText } from '../violation.js';
import type { Rule } from './rule.js';

/** Names and addresses: what a certificate and a URL can hold, without port, scheme or wildcard. */
export const hosts: Rule = ({ spec }) => [
  ...checkHost(spec.access.apiHostname, ['spec', 'access', 'apiHostname']),
  ...spec.access.extraSans.flatMap((san, index) => checkHost(san, ['spec', 'access', 'extraSans', index])),
  ...mirror(spec.k3s.mirror),
];

const address = z.union([z.ipv4(), z.ipv6()]);
const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const REMEDY = 'a DNS name or an address, for example k3s.example.org';

function checkHost(text: string | undefined, path: (string | number)[]): Violation[] {
  if (text === undefined || address.safeParse(text).success) return [];
  const wrong = (message: string): Violation[] => [{ path, message: `${valueText(text)} ${message}`, remedy: REMEDY }];
  if (/:\d{1,5}$/.test(text)) return wrong('has a port: the API listens on 6443');
  if (/^[\d.]+$/.test(text)) return wrong('is not an IPv4 address');
  if (text.includes(':')) return wrong('is not an IPv6 address');
  return nameProblem(text) === null ? [] : wrong(nameProblem(text) ?? '');
}

/** What is wrong with a DNS name, or null. [RFC 1123 2.1] */
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
    return [{ path, message: `${valueText(bare)} is not a host`, remedy: 'https://host/path' }];
  }
  if (port === undefined || (/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65535)) return [];
  return [{ path, message: `${valueText(port)} is not a port`, remedy: 'from 1 to 65535' }];
}
