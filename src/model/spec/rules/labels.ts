import { type Violation, valueText } from '../violation.js';
import type { Rule } from './rule.js';

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Labels below kubernetes.io and k8s.io that a kubelet may give itself; it does not start with others. [k8s.io: kubelet --node-labels] */
const KUBELET_PREFIXES = ['node.kubernetes.io', 'kubelet.kubernetes.io'];

/**
 * Labels that identify a node and its place: volumes, schedulers and charts use them, and one value for many nodes would be wrong. [k8s.io:
 * well-known labels]
 */
const OF_KUBERNETES = [
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
];

/** Checks labels of the cluster, of pools and of servers by Kubernetes's syntax. [k8s.io: labels and selectors] */
export const kubernetesLabels: Rule = ({ metadata, spec }) => [
  ...check(metadata.labels, ['metadata', 'labels'], false),
  ...spec.pools.flatMap((pool, index) => check(pool.labels, ['spec', 'pools', index, 'labels'], true)),
  ...['node-label', 'node-label+'].flatMap((key) => ofServers(spec.k3s.config[key], ['spec', 'k3s', 'config', key])),
];

/** `key=value` each, several in one text by commas; a key alone has the empty value. [k8s source: ConfigurationMap.Set] */
function ofServers(value: unknown, path: string[]): Violation[] {
  if (value === undefined) return [];
  return [value].flat().flatMap((entry, index) => {
    const at = Array.isArray(value) ? [...path, index] : path;
    return String(entry)
      .split(',')
      .flatMap((text) => {
        const [key = '', ...rest] = text.trim().split('=');
        const subject = `${valueText(key)} `;
        return check({ [key]: rest.join('=') }, at, true, subject).map((violation) => ({ ...violation, path: at }));
      });
  });
}

/** @param subject precedes the message about a key, if the path does not name it */
function check(labels: Record<string, string>, path: (string | number)[], ofNode: boolean, subject = ''): Violation[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const problems: Violation[] = [];
    const at = [...path, key];
    if (!isQualifiedName(key)) {
      problems.push({
        path: at,
        message: `${subject}is not a label key`,
        hint: 'name or prefix/name; a name has at most 63 letters, digits, - _ .',
      });
    } else if (ofNode && OF_KUBERNETES.includes(key)) {
      problems.push({
        path: at,
        message: `${subject}is a label that Kubernetes and Keelson set for each node`,
        hint: 'leave it out, or use a prefix of your own',
      });
    } else if (ofNode && isForbidden(key)) {
      problems.push({
        path: at,
        message: `${subject}is a label that a kubelet refuses to give itself`,
        hint: 'use a prefix of your own or node.kubernetes.io',
      });
    }
    if (!isLabelValue(value)) {
      problems.push({
        path: at,
        message: `${valueText(value)} is not a label value`,
        hint: 'at most 63 letters, digits, - _ .',
      });
    }
    return problems;
  });
}

/** `name` or `prefix/name`. */
export function isQualifiedName(key: string): boolean {
  const [name = '', prefix, ...more] = key.split('/').reverse();
  if (more.length > 0 || !NAME.test(name)) return false;
  return prefix === undefined || (prefix.length <= 253 && SUBDOMAIN.test(prefix));
}

export const isLabelValue = (value: string): boolean => VALUE.test(value);

function isForbidden(key: string): boolean {
  const prefix = key.includes('/') ? (key.split('/')[0] ?? '') : '';
  const within = (domain: string): boolean => prefix === domain || prefix.endsWith(`.${domain}`);
  if (!within('kubernetes.io') && !within('k8s.io')) return false;
  return !KUBELET_PREFIXES.some(within);
}
