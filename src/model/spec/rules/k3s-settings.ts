import { type Violation, valueText } from '../violation.js';
import { nameProblem } from './hosts.js';
import type { Rule } from './rule.js';

/** Settings of `k3s.config` with a syntax of their own, and those that exclude each other. */
export const k3sSettings: Rule = ({ spec: { k3s } }) => {
  const path = (key: string): string[] => ['spec', 'k3s', 'config', key];
  const text = (key: string): string | null => {
    const value = k3s.config[key];
    return (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : null;
  };
  const isOn = (key: string): boolean => /^(true|True|TRUE|t|T|1)$/.test(String(k3s.config[key]));
  const violations: Violation[] = [];
  const add = (key: string, message: string, remedy: string): void => {
    violations.push({ path: path(key), message, remedy });
  };

  const ports = text('service-node-port-range');
  const problem = ports === null ? null : portRangeProblem(ports);
  if (problem !== null) add('service-node-port-range', problem, 'two ports, for example 30000-32767');

  const domain = text('cluster-domain');
  if (domain !== null && (domain !== domain.toLowerCase() || nameProblem(domain) !== null)) {
    add('cluster-domain', `${valueText(domain)} is not a DNS domain in lower case`, 'for example cluster.local');
  }

  const namespace = text('servicelb-namespace');
  if (namespace !== null && !/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(namespace)) {
    add('servicelb-namespace', `${valueText(namespace)} is not the name of a namespace`, 'for example kube-system');
  }

  // K3s exits: "embedded registry mirror requires embedded containerd". [k3s source: pkg/agent/run.go]
  const runtime = ['docker', 'container-runtime-endpoint'].find((key) => isOn(key) || (text(key) ?? '').includes('/'));
  if (isOn('embedded-registry') && runtime !== undefined) {
    add('embedded-registry', `needs the containerd of K3s, and ${runtime} replaces it`, `leave one of the two out`);
  }
  return violations;
};

/** [k8s source: apimachinery/pkg/util/net/port_range.go] */
function portRangeProblem(text: string): string | null {
  const [, first, separator, second] = /^\s*(\d{1,5})\s*(?:([-+])\s*(\d{1,5}))?\s*$/.exec(text) ?? [];
  if (first === undefined) return `${valueText(text)} is not a range of ports`;
  const [low, high] = [Number(first), separator === '+' ? Number(first) + Number(second) : Number(second ?? first)];
  if (low < 1 || high > 65535) return `${text} has ports that do not exist`;
  if (low > high) return `${text} ends before it begins`;
  // Servers and kubelets listen there. [docs: K3s requirements, inbound rules]
  const taken = [2379, 2380, 6443, 10250].filter((port) => port >= low && port <= high);
  return taken.length === 0 ? null : `${text} has port ${taken.join(', ')}, where K3s itself listens`;
}
