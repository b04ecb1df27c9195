import { serverCountOf } from '../ids.js';
import { cniOf } from '../k3s/cni.js';
import { flagOf, isChecked, knowledgeOf } from '../k3s/flag-of.js';
import { CHECKED_MINORS } from '../k3s/flags.js';
import { baseKey } from '../k3s/keys.js';
import { overlap, parseCidr } from './cidr.js';
import { componentWarnings } from './component-warnings.js';
import type { ClusterDocument, ClusterSpec } from './schema.js';
import type { Violation } from './violation.js';

/** Warnings: the document works, but perhaps not as people expect. */
export const warningsOf = (document: ClusterDocument): Violation[] => {
  const { spec } = document;
  return [
    ...componentWarnings(document),
    ...unchecked(spec),
    ...oneZone(spec),
    ...smallTypes(spec),
    ...flannel(spec),
    ...withoutEffect(spec),
    ...ofTheImage(spec),
    ...oldNames(spec),
    ...openApi(spec),
    ...manyNetworks(spec),
    ...publicPods(spec),
    ...networkInterface(spec),
    ...secretManifests(spec),
    ...secretFiles(spec),
    ...proxies(spec),
  ];
};

const at = (key: string): string[] => ['spec', 'k3s', 'config', key];
const isOn = (spec: ClusterSpec, key: string): boolean => /^(true|t|1)$/i.test(String(spec.k3s.config[key]));

const isOff = (spec: ClusterSpec, key: string): boolean => /^(false|f|0)$/i.test(String(spec.k3s.config[key]));

function unchecked({ k3s }: ClusterSpec): Violation[] {
  if (isChecked(k3s.version) || Object.keys(k3s.config).length === 0) return [];
  const { oldest, newest } = CHECKED_MINORS;
  const message = `the flags of K3s ${k3s.version} are not known here: only misspelt keys of spec.k3s.config are found`;
  return [{ path: ['spec', 'k3s', 'version'], message, hint: `known are v1.${oldest} to v1.${newest}` }];
}

/** Zones of the servers. [docs: K3s, HA embedded etcd; EC2, Availability Zones] */
function oneZone(spec: ClusterSpec): Violation[] {
  const { mode, network } = spec;
  if (mode !== 'ha' || network.subnetIds?.length !== 1) return [];
  const message = `all ${serverCountOf(spec)} servers are in one subnet, and so in one zone: without it the cluster has no quorum`;
  return [{ path: ['spec', 'network', 'subnetIds'], message, hint: 'name a subnet in each of three zones' }];
}

/** Every micro has 1 GiB, every nano half of it. K3s asks for 2 GiB for a server, half a GiB for an agent. [docs: K3s requirements] */
function smallTypes({ servers, pools }: ClusterSpec): Violation[] {
  const small = (type: string, path: (string | number)[], message: string): Violation[] => [
    { path, message: `${type} ${message}`, hint: 'for example t3.medium' },
  ];
  return [
    ...(servers.instanceType.endsWith('.micro')
      ? small(
          servers.instanceType,
          ['spec', 'servers', 'instanceType'],
          'has 1 GiB of memory, and K3s asks for 2 GiB for a server',
        )
      : []),
    ...pools.flatMap(({ instanceType: type }, index) =>
      type.endsWith('.nano')
        ? small(type, ['spec', 'pools', index, 'instanceType'], 'has half a GiB of memory, which K3s itself takes')
        : [],
    ),
  ];
}

/** [docs: K3s, network options: host-gw "requires direct layer 2 connectivity between all nodes"] */
function flannel(spec: ClusterSpec): Violation[] {
  const backend = spec.k3s.config['flannel-backend'];
  const nodes = serverCountOf(spec) + spec.pools.reduce((sum, pool) => sum + pool.count, 0);
  const path = at('flannel-backend');
  if (backend === 'none') {
    if (cniOf(spec) !== 'outside') return [];
    const message = 'no node becomes Ready before a CNI of your own runs';
    return [
      {
        path,
        message,
        hint: 'add its manifest to spec.k3s.manifests, install it as soon as the API answers, or use vxlan',
      },
    ];
  }
  if (backend !== 'host-gw' || nodes === 1 || spec.network.subnetIds?.length === 1) return [];
  const message = 'pods reach only nodes of their own subnet, and the nodes may be in several zones';
  return [{ path, message, hint: 'use vxlan or wireguard-native, or one subnet' }];
}

/** Settings without an effect on their own. [k3s source: pkg/cli/server/server.go] */
function withoutEffect(spec: ClusterSpec): Violation[] {
  const keys = Object.keys(spec.k3s.config);
  const s3 = keys.filter((key) => key.startsWith('etcd-s3-') && !isOn(spec, 'etcd-s3'));
  const provider = keys.filter((key) => key === 'secrets-encryption-provider' && isOff(spec, 'secrets-encryption'));
  const external = keys.filter((key) => key === 'flannel-external-ip' && isOn(spec, key));
  const cni = keys.filter((key) => /^flannel-(?!backend)/.test(key) && spec.k3s.config['flannel-backend'] === 'none');
  const masq = keys.filter((key) => key === 'flannel-ipv6-masq' && isOn(spec, key) && !cni.includes(key));
  const idle = (key: string, hint: string): Violation => ({ path: at(key), message: 'has no effect', hint });
  return [
    ...s3.map((key) => idle(key, 'set etcd-s3: true')),
    ...provider.map((key) => idle(key, 'set secrets-encryption: true')),
    ...cni.map((key) => idle(key, 'leave it out: flannel-backend is none')),
    ...masq.map((key) => idle(key, 'leave it out: nodes have no IPv6 network')),
    ...external
      .filter((key) => !cni.includes(key))
      .map((key) => idle(key, 'leave it out: nodes have no external address in K3s')),
  ];
}

/** Parts that the image has to contain. [docs: K3s, hardening guide, SELinux, advanced options] */
const NEEDS: Readonly<Record<string, string>> = {
  docker: 'needs Docker in the image, which Amazon Linux 2023 does not bring',
  'protect-kernel-defaults': 'needs kernel settings in the image that Amazon Linux 2023 does not have',
  selinux: 'needs the package k3s-selinux in the image, which Amazon Linux 2023 does not bring',
};

function ofTheImage(spec: ClusterSpec): Violation[] {
  return Object.entries(NEEDS).flatMap(([key, message]) =>
    isOn(spec, key) && spec.image === undefined
      ? [{ path: at(key), message, hint: 'name an image of your own in spec.image, or leave it out' }]
      : [],
  );
}

function oldNames({ k3s }: ClusterSpec): Violation[] {
  return Object.keys(k3s.config).flatMap((key) => {
    const base = baseKey(key);
    const instead = flagOf(base)?.useInstead;
    if (instead === undefined || knowledgeOf(base, k3s.version).is !== 'known') return [];
    return [{ path: at(key), message: 'is an old name that K3s may drop', hint: `use ${instead}` }];
  });
}

function openApi({ access }: ClusterSpec): Violation[] {
  return access.apiCidrs.flatMap((cidr, index) =>
    cidr.endsWith('/0')
      ? [
          {
            path: ['spec', 'access', 'apiCidrs', index],
            message: 'opens port 6443 to the whole world',
            hint: 'name the networks of those who use it',
          },
        ]
      : [],
  );
}

/** More rules need a higher quota of the group: each network is a rule. [docs: VPC quotas, inbound rules per security group] */
const RULES_OF_A_GROUP = 60;
const OWN_RULES = 4;

function manyNetworks({ access }: ClusterSpec): Violation[] {
  const ingress = access.ingress.reduce((sum, { cidrs }) => sum + cidrs.length, 0);
  const rules = access.apiCidrs.length + ingress + OWN_RULES;
  if (rules <= RULES_OF_A_GROUP) return [];
  const message = `the security group of servers gets up to ${rules} rules, and AWS allows ${RULES_OF_A_GROUP} unless the quota was raised`;
  const key = ingress > access.apiCidrs.length ? 'ingress' : 'apiCidrs';
  return [
    { path: ['spec', 'access', key], message, hint: 'name larger networks, or raise the quota in Service Quotas' },
  ];
}

/** Networks that pods could then not reach. [RFC 1918, RFC 6598] */
const PRIVATE = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10'];

const publicPods = ({ k3s }: ClusterSpec): Violation[] =>
  (['cluster-cidr', 'service-cidr'] as const).flatMap((key) => {
    const network = parseCidr(String([k3s.config[key] ?? ''].flat()[0]));
    if (network === null) return [];
    const isPrivate = PRIVATE.some((cidr) => {
      const one = parseCidr(cidr);
      return one !== null && one.bits <= network.bits && overlap(one, network);
    });
    const message = 'is not a private network: pods do not reach its real owner';
    return isPrivate ? [] : [{ path: at(key), message, hint: `a part of ${PRIVATE.join(', ')}` }];
  });

/** Nitro instances with Amazon Linux 2023 have ens5, and K3s exits without the interface. [docs: EC2, network interface names] */
function networkInterface(spec: ClusterSpec): Violation[] {
  if (spec.k3s.config['flannel-iface'] !== 'eth0' || spec.image !== undefined) return [];
  const message = 'most instance types call it ens5 with Amazon Linux 2023, and K3s exits where there is no eth0';
  return [{ path: at('flannel-iface'), message, hint: 'leave it out: nodes have one interface' }];
}

/** The bucket and Temporal's history hold the document as it is. */
function secretManifests({ k3s }: ClusterSpec): Violation[] {
  return k3s.manifests.flatMap(({ content = '' }, index) =>
    /^kind:\s*["']?Secret\b/m.test(content)
      ? [
          {
            path: ['spec', 'k3s', 'manifests', index, 'name'],
            message: "holds a Secret, which the bucket and Temporal's history keep in the clear",
            hint: 'let an operator in the cluster fetch it, External Secrets for example',
          },
        ]
      : [],
  );
}

/** The content of a node file is in the document, as a manifest is. */
function secretFiles({ servers, pools }: ClusterSpec): Violation[] {
  const groups = [
    { path: ['spec', 'servers', 'node', 'files'], files: servers.node.files },
    ...pools.map(({ node }, index) => ({ path: ['spec', 'pools', index, 'node', 'files'], files: node.files })),
  ];
  return groups.flatMap(({ path, files }) =>
    files.flatMap(({ content = '', path: file }, index) => {
      const holds = /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(content)
        ? 'a private key'
        : file.endsWith('/registries.yaml') && /["']?\b(password|identity_token)["']?:\s*[^\s#]/.test(content)
          ? 'a password'
          : null;
      if (holds === null) return [];
      const message = `holds ${holds}, which the bucket and Temporal's history keep in the clear`;
      return [{ path: [...path, index, 'path'], message, hint: 'let the image or spec.servers.node.before fetch it' }];
    }),
  );
}

/** K3s adds the networks of pods and services itself; the document has to name the nodes' own. [docs: K3s, configuring an HTTP proxy] */
function proxies({ k3s }: ClusterSpec): Violation[] {
  const names = Object.keys(k3s.environment);
  const proxy = names.find((name) => /^(CONTAINERD_)?HTTPS?_PROXY$/i.test(name));
  if (proxy === undefined || names.some((name) => /^(CONTAINERD_)?NO_PROXY$/i.test(name))) return [];
  return [
    {
      path: ['spec', 'k3s', 'environment', proxy],
      message: 'is used for the nodes themselves and for 169.254.169.254, too',
      hint: 'set NO_PROXY to the networks of the VPC, 169.254.169.254 and .svc',
    },
  ];
}
