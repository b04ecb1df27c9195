import { type Violation, valueText } from '../violation.js';
import { isLabelValue, isQualifiedName } from './labels.js';
import type { Rule } from './rule.js';

/** [k8s.io: well-known taints] */
const OF_KUBERNETES =
  /^node\.(kubernetes\.io\/(not-ready|unreachable|memory-pressure|disk-pressure|pid-pressure|network-unavailable|unschedulable|out-of-service)|cloudprovider\.kubernetes\.io\/(uninitialized|shutdown))$/;

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
const HINT = `key=value:Effect or key:Effect; effects: ${EFFECTS.join(', ')}`;

/** Checks taints of pools, and those of the servers in k3s.config. [k8s.io: taints and tolerations] */
export const taints: Rule = ({ spec }) => [
  ...spec.pools.flatMap((pool, index) => check(pool.taints, ['spec', 'pools', index, 'taints'])),
  ...['node-taint', 'node-taint+'].flatMap((key) => {
    const value = spec.k3s.config[key];
    const path = ['spec', 'k3s', 'config', key];
    if (value === undefined) return [];
    if (Array.isArray(value)) return check(value.map(String), path);
    return check(String(value).split(','), path).map((violation) => ({ ...violation, path }));
  }),
];

function check(list: readonly string[], path: (string | number)[]): Violation[] {
  const seen = new Set<string>();
  return list.flatMap((text, index): Violation[] => {
    const at = [...path, index];
    const { key, value, effect } = split(text);
    if (!isQualifiedName(key) || !isLabelValue(value) || !EFFECTS.includes(effect)) {
      return [{ path: at, message: `${valueText(text)} is not a taint`, hint: HINT }];
    }
    if (OF_KUBERNETES.test(key)) {
      const message = `the taint ${key} is one that Kubernetes sets and takes away itself`;
      return [{ path: at, message, hint: 'use a key of your own, for example dedicated=batch:NoSchedule' }];
    }
    const identity = `${key}:${effect}`;
    if (seen.has(identity)) {
      return [{ path: at, message: `a second taint ${identity}`, hint: 'a node has one taint per key and effect' }];
    }
    seen.add(identity);
    return [];
  });
}

function split(text: string): { key: string; value: string; effect: string } {
  const colon = text.lastIndexOf(':');
  const [head, effect] = colon < 0 ? [text, ''] : [text.slice(0, colon), text.slice(colon + 1)];
  const equals = head.indexOf('=');
  return equals < 0
    ? { key: head, value: '', effect }
    : { key: head.slice(0, equals), value: head.slice(equals + 1), effect };
}
