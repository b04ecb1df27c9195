import { type Violation, valueText } from '../violation.js';
import type { Rule } from './rule.js';

const NAME = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Labels below kubernetes.io and k8s.io that a kubelet may give itself; it does not start with others. [k8s.io: kubelet --node-labels] */
const KUBELET_PREFIXES = ['node.kubernetes.io', 'kubelet.kubernetes.io'];
const KUBELET_LABELS = [
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
];

/** Labels of the cluster and of pools follow Kubernetes's syntax. [k8s.io: labels and selectors] */
export const kubernetesLabels: Rule = ({ metadata, spec }) => [
  ...check(metadata.labels, ['metadata', 'labels'], false),
  ...spec.pools.flatMap((pool, index) => check(pool.labels, ['spec', 'pools', index, 'labels'], true)),
];

function check(labels: Record<string, string>, path: (string | number)[], ofNode: boolean): Violation[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const problems: Violation[] = [];
    const at = [...path, key];
    if (!isQualifiedName(key)) {
      problems.push({
        path: at,
        message: 'is not a label key',
        remedy: 'name or prefix/name; a name has at most 63 letters, digits, - _ .',
      });
    } else if (ofNode && isForbidden(key)) {
      problems.push({
        path: at,
        message: 'a kubelet refuses to give itself this label',
        remedy: 'use a prefix of your own or node.kubernetes.io',
      });
    }
    if (!isLabelValue(value)) {
      problems.push({
        path: at,
        message: `${valueText(value)} is not a label value`,
        remedy: 'at most 63 letters, digits, - _ .',
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
  return !KUBELET_LABELS.includes(key) && !KUBELET_PREFIXES.some(within);
}
