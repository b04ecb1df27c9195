import { type Violation, valueText } from '../violation.js';
import { isVmodule } from './component-values.js';
import { nameProblem } from './hosts.js';
import type { Rule } from './rule.js';

/** Checks settings of `k3s.config` with a syntax of their own, and those that exclude each other. */
export const k3sSettings: Rule = ({ spec: { k3s } }) => {
  const path = (key: string): string[] => ['spec', 'k3s', 'config', key];
  const text = (key: string): string | null => {
    const value = k3s.config[key];
    return (typeof value === 'string' && value !== '') || typeof value === 'number' ? String(value) : null;
  };
  const isOn = (key: string): boolean => /^(true|True|TRUE|t|T|1)$/.test(String(k3s.config[key]));
  const violations: Violation[] = [];
  const add = (key: string, message: string, hint: string): void => {
    violations.push({ path: path(key), message, hint });
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

  const level = text('vmodule');
  if (level !== null && !isVmodule(level))
    add('vmodule', `is ${valueText(level)}`, 'pattern=level, for example garbage*=4');

  // A slash would lead into a folder that no one makes. [k3s source: pkg/etcd/snapshot.go, filepath.Join]
  const snapshot = text('etcd-snapshot-name');
  if (snapshot !== null && !/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(snapshot))
    add('etcd-snapshot-name', `${valueText(snapshot)} is not the name of a file`, 'letters, digits, - _ .');

  const port = text('lb-server-port');
  if (port !== null && TAKEN.includes(Number(port)))
    add('lb-server-port', `is ${port}, where K3s itself listens`, 'leave it out: it is 6444');

  // K3s exits: "embedded registry mirror requires embedded containerd". [k3s source: pkg/agent/run.go]
  const runtime = ['docker', 'container-runtime-endpoint'].find((key) => isOn(key) || (text(key) ?? '').includes('/'));
  if (isOn('embedded-registry') && runtime !== undefined) {
    add('embedded-registry', `needs the containerd of K3s, and ${runtime} replaces it`, `leave one of the two out`);
  }
  return violations;
};

/** Ports of a server: etcd, the API, its own clients, kubelet and the controllers. [docs: K3s requirements; k8s.io: ports and protocols] */
const TAKEN = [2379, 2380, 2381, 2382, 6443, 10248, 10249, 10250, 10256, 10257, 10258, 10259];

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
