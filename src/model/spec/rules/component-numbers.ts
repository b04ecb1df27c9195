import { componentKind } from '../../k3s/component-flags.js';
import { type ComponentArg, componentArgs } from '../component-args.js';
import { type Violation, valueText } from '../violation.js';
import type { Rule } from './rule.js';

const PORT = [0, 65_535] as const;

/** Bounds that a program checks at its start; it exits if a value is outside them. [k8s source: pkg/kubelet/apis/config/validation; k8s.io: reference of each program] */
const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  // With 0 the kubelet starts, and no pod ever runs on the node.
  'max-pods': [1, 2_147_483_647],
  'image-gc-high-threshold': [0, 100],
  'image-gc-low-threshold': [0, 100],
  'healthz-port': PORT,
  port: PORT,
  'read-only-port': PORT,
  'oom-score-adj': [-1000, 1000],
  'container-log-max-files': [2, 2_147_483_647],
  'max-parallel-image-pulls': [1, 2_147_483_647],
  'iptables-masquerade-bit': [0, 31],
  'pod-max-pids': [-1, Number.MAX_SAFE_INTEGER],
  'maximum-dead-containers': [-1, 2_147_483_647],
  'maximum-dead-containers-per-container': [-1, 2_147_483_647],
  'node-status-max-images': [-1, 2_147_483_647],
  'conntrack-max-per-core': [0, 2_147_483_647],
};

/** Numbers that may have a fraction. [k8s.io: kube-controller-manager reference, `float`] */
const FRACTIONS = new Set([
  'horizontal-pod-autoscaler-tolerance',
  'kube-api-qps',
  'node-eviction-rate',
  'secondary-node-eviction-rate',
  'unhealthy-zone-threshold',
]);

/** Checks numbers of `kubelet-arg` and its like: whole ones, and within the bounds of their program. */
export const componentNumbers: Rule = ({ spec }) =>
  componentArgs(spec.k3s.config, ['spec', 'k3s', 'config']).flatMap(check);

function check({ key, name, value, path }: ComponentArg): Violation[] {
  // The check of value kinds reports values that are not numbers.
  if (componentKind(key, name) !== 'number' || value === null || !/^-?\d+(\.\d+)?$/.test(value)) return [];
  const [least, most] = RANGES[name] ?? [0, Number.MAX_SAFE_INTEGER];
  const number = Number(value);
  const isWhole = FRACTIONS.has(name) || Number.isInteger(number);
  if (isWhole && number >= least && number <= most) return [];
  const bounds = most >= 2_147_483_647 ? `of at least ${least}` : `from ${least} to ${most}`;
  return [
    {
      path,
      message: `${name} is ${valueText(value)}`,
      hint: `a ${FRACTIONS.has(name) ? '' : 'whole '}number ${bounds}`,
    },
  ];
}
