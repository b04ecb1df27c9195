import { nearest } from '../nearest.js';
import { type Violation, valueText } from '../violation.js';
import type { Rule } from './rule.js';

/**
 * Flags with a fixed set of words. [k3s source: pkg/cli/cmds/server.go, usage texts; pkg/agent/flannel/setup.go; pkg/cli/server/server.go,
 * validateNetworkConfiguration]
 */
export const CHOICES: Readonly<
  Record<string, { words: readonly string[]; elsewhere?: Readonly<Record<string, string>> }>
> = {
  'flannel-backend': {
    words: ['none', 'vxlan', 'host-gw', 'wireguard-native'],
    // Both were removed in 1.26, and K3s exits with them. [k3s #6440]
    elsewhere: { wireguard: 'wireguard-native', ipsec: 'wireguard-native', tailscale: 'vpn-auth-file' },
  },
  'egress-selector-mode': { words: ['agent', 'cluster', 'pod', 'disabled'] },
  'secrets-encryption-provider': { words: ['aescbc', 'secretbox'] },
  'etcd-s3-bucket-lookup-type': { words: ['auto', 'dns', 'path'] },
};

/** Words that `disable` knows. Others name custom manifests, and are allowed. [k3s source: pkg/cli/cmds/stage.go] */
const COMPONENTS = ['coredns', 'servicelb', 'traefik', 'local-storage', 'metrics-server', 'runtimes'];

/** Other names of the same components, with what to write. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  ccm: 'disable-cloud-controller: true',
  'cloud-controller': 'disable-cloud-controller: true',
  flannel: 'flannel-backend: none',
  'helm-controller': 'disable-helm-controller: true',
  ingress: 'traefik',
  'kube-proxy': 'disable-kube-proxy: true',
  'kube-dns': 'coredns',
  klipper: 'servicelb',
  'klipper-lb': 'servicelb',
  'local-path': 'local-storage',
  'local-path-provisioner': 'local-storage',
  'local-path-storage': 'local-storage',
  localstorage: 'local-storage',
  loadbalancer: 'servicelb',
  metrics: 'metrics-server',
  'network-policy': 'disable-network-policy: true',
  // RKE2's names of its own components. [docs: RKE2 server configuration]
  'rke2-coredns': 'coredns',
  'rke2-ingress-nginx': 'traefik',
  'rke2-metrics-server': 'metrics-server',
  'service-lb': 'servicelb',
  svclb: 'servicelb',
};

/** K3s has five components. Each misspelt word is compared with all of them, and a list may hold 130,000 words. */
const MOST_WORDS = 100;

/** Checks for misspelt choices: K3s exits with one, or, for a component, runs what should be off. */
export const k3sChoices: Rule = ({ spec }) => [
  ...Object.entries(CHOICES).flatMap(([key, { words, elsewhere }]) => {
    const value = spec.k3s.config[key];
    if (typeof value !== 'string' || value === '' || words.includes(value)) return [];
    const meant = Object.hasOwn(elsewhere ?? {}, value) ? elsewhere?.[value] : nearest(value, words);
    return [wrong(['spec', 'k3s', 'config', key], value, meant, words)];
  }),
  ...['disable', 'disable+'].flatMap((key) => {
    const value = spec.k3s.config[key];
    if (value === undefined) return [];
    const words = [value].flat().flatMap((one, index) => {
      const path = ['spec', 'k3s', 'config', key, ...(Array.isArray(value) ? [index] : [])];
      return String(one)
        .split(',', MOST_WORDS)
        .map((word) => ({ word: word.trim(), path }));
    });
    return words.slice(0, MOST_WORDS).flatMap(({ word, path }) => component(word, path));
  }),
];

function component(word: string, path: (string | number)[]): Violation[] {
  if (COMPONENTS.includes(word)) return [];
  if (/\s/.test(word))
    return [
      {
        path,
        message: `is ${valueText(word)}`,
        hint: `a list, or several by commas: ${word.split(/\s+/).join(',')}`,
      },
    ];
  if (/\.ya?ml$/.test(word)) return [wrong(path, word, word.replace(/\.ya?ml$/, ''), COMPONENTS)];
  const meant = Object.hasOwn(OTHER_NAMES, word) ? OTHER_NAMES[word] : nearest(word, COMPONENTS);
  return meant === undefined || meant === null ? [] : [wrong(path, word, meant, COMPONENTS)];
}

function wrong(
  path: (string | number)[],
  value: string,
  meant: string | null | undefined,
  words: readonly string[],
): Violation {
  const all = `one of ${words.join(', ')}`;
  return {
    path,
    message: `is ${valueText(value)}`,
    hint: meant === null || meant === undefined ? all : `did you mean ${meant}?`,
  };
}
