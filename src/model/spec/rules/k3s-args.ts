import { type Violation, valueText } from '../violation.js';
import type { Rule } from './rule.js';

/**
 * Flags of Kubernetes's programs that K3s or Keelson sets. A flag of the document would win, and parts of the cluster would disagree: the
 * kubelet under another name, an API server with other networks. [k3s source: pkg/daemons/control/server.go,
 * pkg/daemons/agent/agent_linux.go, pkg/util/args.go]
 */
const OWNED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'kubelet-arg': {
    'cluster-dns': 'use spec.k3s.config.cluster-dns',
    'cluster-domain': 'use spec.k3s.config.cluster-domain',
    'container-runtime-endpoint': 'use spec.k3s.config.container-runtime-endpoint',
    'hostname-override': 'leave it out: Keelson names the nodes',
    kubeconfig: 'leave it out: K3s writes it',
    'node-ip': "leave it out: it is the node's private address",
    'node-labels': 'use labels of the pool, or spec.k3s.config.node-label for servers',
    'provider-id': 'leave it out: it is aws:///<zone>/<id of the instance>',
    'register-with-taints': 'use taints of the pool, or spec.k3s.config.node-taint for servers',
  },
  'kube-proxy-arg': {
    'cluster-cidr': 'use spec.k3s.config.cluster-cidr',
    'hostname-override': 'leave it out: Keelson names the nodes',
    kubeconfig: 'leave it out: K3s writes it',
  },
  'kube-apiserver-arg': {
    'advertise-address': "leave it out: it is the node's private address",
    'etcd-servers': 'leave it out: etcd is embedded',
    'secure-port': 'leave it out: the API listens on 6443',
    'service-cluster-ip-range': 'use spec.k3s.config.service-cidr',
    'service-node-port-range': 'use spec.k3s.config.service-node-port-range',
  },
  'kube-controller-manager-arg': {
    'cluster-cidr': 'use spec.k3s.config.cluster-cidr',
    kubeconfig: 'leave it out: K3s writes it',
    'service-cluster-ip-range': 'use spec.k3s.config.service-cidr',
  },
  'kube-scheduler-arg': { kubeconfig: 'leave it out: K3s writes it' },
  'etcd-arg': {
    'advertise-client-urls': 'leave it out: K3s keeps the members',
    'data-dir': 'leave it out: data stays in /var/lib/rancher/k3s',
    'force-new-cluster': 'leave it out: each start of a server would found a cluster of one member',
    'initial-advertise-peer-urls': 'leave it out: K3s keeps the members',
    'initial-cluster': 'leave it out: K3s keeps the members',
    'initial-cluster-state': 'leave it out: K3s keeps the members',
    'initial-cluster-token': 'leave it out: K3s keeps the members',
    'listen-client-urls': 'leave it out: K3s itself is the client',
    'listen-metrics-urls': 'use spec.k3s.config.etcd-expose-metrics: Keelson asks 127.0.0.1 who votes',
    'listen-peer-urls': 'leave it out: K3s keeps the members',
    name: 'leave it out: K3s names the members',
  },
};

/** Further keys whose entries are flags of another program. */
const ARGS = [...Object.keys(OWNED), 'kube-cloud-controller-manager-arg', 'helm-controller-arg'];

/** K3s cuts leading dashes and splits at the first `=`; `name+=` and `name-=` add in front or behind. [k3s source: pkg/util/args.go] */
const ENTRY = /^(?:--)?([A-Za-z][\w.-]*?)(?:[+-]?=.*)?$/s;

/** Checks entries of `kubelet-arg` and its like: `name=value`, and none that K3s or Keelson sets. */
export const k3sArgs: Rule = ({ spec }) =>
  ARGS.flatMap((key) => [key, `${key}+`]).flatMap((key) => {
    const value = spec.k3s.config[key];
    if (value === undefined) return [];
    return [value].flat().flatMap((entry, index) => {
      const path = ['spec', 'k3s', 'config', key, ...(Array.isArray(value) ? [index] : [])];
      return typeof entry === 'string' && entry !== '' ? checkEntry(entry, key.replace(/\+$/, ''), path) : [];
    });
  });

function checkEntry(entry: string, key: string, path: (string | number)[]): Violation[] {
  const name = ENTRY.exec(entry)?.[1];
  if (name === undefined) {
    const [first = '', second = 'value'] = entry.replace(/^-+/, '').split(/[\s:=]+/);
    return [{ path, message: `is ${valueText(entry)}`, hint: `name=value, for example ${first}=${second}` }];
  }
  const table = OWNED[key] ?? {};
  const hint = Object.hasOwn(table, name) ? table[name] : undefined;
  return hint === undefined ? [] : [{ path, message: `${name} is set by K3s or Keelson`, hint }];
}
