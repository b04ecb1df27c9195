/**
 * How K3s reads config.yaml: keys become flags of the command line. K3s skips flags that the command does not know, with a warning; an
 * unreadable value ends the process. The flags of each release come from the table of K3s's own releases. [k3s source: pkg/configfilearg;
 * urfave/cli; Go: flag.parseOne, strconv.ParseBool]
 */
import { knowledgeOf } from '../../../../src/model/k3s/flag-of.js';

/** Must be the same on all servers. [docs: cli/server, "critical configuration values"] */
export const CRITICAL = [
  'cluster-cidr',
  'service-cidr',
  'cluster-dns',
  'cluster-domain',
  'disable-helm-controller',
  'disable-kube-proxy',
  'disable-network-policy',
  'disable-cloud-controller',
  'disable',
  'egress-selector-mode',
  'embedded-registry',
  'flannel-backend',
  'flannel-ipv6-masq',
  'flannel-external-ip',
  'secrets-encryption',
] as const;

/** Returns whether `k3s server` or `k3s agent` of a release knows the flag. */
export function knowsFlag(name: string, role: 'server' | 'agent', version: string): boolean {
  const known = knowledgeOf(name, version);
  return known.is === 'known' && (known.flag.on === 'both' || known.flag.on === role);
}

const BOOLEAN = /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;
const INTEGER = /^[+-]?(0|[1-9]\d*|0x[0-9a-fA-F]+)$/;
const DURATION = /^[+-]?(0|(\d+(\.\d*)?|\.\d+)(ns|us|\u00b5s|ms|s|m|h))+$/;

/** Returns K3s's error for an unreadable value; null for a good one. */
export function flagProblem(name: string, values: readonly string[], version: string): string | null {
  const known = knowledgeOf(name, version);
  if (known.is !== 'known') return null;
  const unread = (reads: RegExp): string | undefined => values.find((value) => !reads.test(value));
  switch (known.flag.kind) {
    case 'flag': {
      const value = unread(BOOLEAN);
      return value === undefined ? null : `invalid boolean value "${value}" for -${name}: parse error`;
    }
    case 'number': {
      const value = unread(INTEGER);
      return value === undefined ? null : `invalid value "${value}" for flag -${name}: parse error`;
    }
    case 'duration': {
      const value = unread(DURATION);
      return value === undefined ? null : `invalid value "${value}" for flag -${name}: parse error`;
    }
    case 'text':
    case 'list':
      return null;
  }
}
