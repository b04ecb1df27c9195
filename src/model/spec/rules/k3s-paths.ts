import { baseKey } from '../../k3s/keys.js';
import { nearest } from '../nearest.js';
import type { ClusterSpec } from '../schema.js';
import { type Violation, valueText } from '../violation.js';
import type { Rule } from './rule.js';

/** Flags that name a file or a folder of the node: K3s would look for a relative one below its own working directory, `/`. */
const PATHS = [
  'default-local-storage-path',
  'etcd-snapshot-dir',
  'flannel-cni-conf',
  'flannel-conf',
  'image-credential-provider-bin-dir',
  'image-credential-provider-config',
  'log',
  'private-registry',
  'resolv-conf',
  'vpn-auth-file',
];

/** Registries and images: a host, and no scheme before it. [docs: K3s, private registry; containerd reference] */
const IMAGES = ['helm-job-image', 'pause-image', 'system-default-registry'];

const SNAPSHOTTERS = [
  'overlayfs',
  'fuse-overlayfs',
  'stargz',
  'native',
  'btrfs',
  'zfs',
  'erofs',
  'nix',
  'devmapper',
  'soci',
];

const HOST = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:\d{1,5})?$/;
const PART = /^[a-z0-9]+([._-]+[a-z0-9]+)*$/;
const END = /^[a-z0-9]+([._-]+[a-z0-9]+)*(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/;

/** A host with its port, and a repository in lower case. [distribution/reference: grammar] */
function isImage(text: string, isRegistry: boolean): boolean {
  const [first = '', ...rest] = text.split('/');
  if (isRegistry) return HOST.test(first) && rest.every((part) => PART.test(part));
  const path = /[.:]|^localhost$/.test(first) && rest.length > 0 ? rest : [first, ...rest];
  if (path !== rest && /:\d{1,5}$/.test(first) && first.includes('.')) return false;
  const isHost = path === rest ? HOST.test(first) : true;
  return isHost && path.slice(0, -1).every((part) => PART.test(part)) && END.test(path.at(-1) ?? '');
}

/** Checks settings of `k3s.config` that name files, images and buckets. */
export const k3sPaths: Rule = ({ spec }) => [
  ...check(spec.k3s.config, ['spec', 'k3s', 'config']),
  ...snapshotters(spec),
  ...broughtFiles(spec),
  ...s3(spec.k3s.config),
  ...spec.pools.flatMap(({ config }, index) => check(config, ['spec', 'pools', index, 'config'])),
];

type Config = ClusterSpec['k3s']['config'];

function check(config: Config, path: (string | number)[]): Violation[] {
  const violations = Object.entries(config).flatMap(([key, value]): Violation[] => {
    const base = baseKey(key);
    if (typeof value !== 'string' || value === '') return [];
    const wrong = (message: string, hint: string): Violation[] => [{ path: [...path, key], message, hint }];
    if (PATHS.includes(base) && !value.startsWith('/'))
      return wrong(`${valueText(value)} is not an absolute path`, 'for example /etc/rancher/k3s/registries.yaml');
    if (IMAGES.includes(base) && /^[a-z]+:\/\//i.test(value))
      return wrong(`${valueText(value)} has a scheme`, 'leave it out: for example registry.example.org:5000');
    if (IMAGES.includes(base) && !isImage(value, base === 'system-default-registry'))
      return wrong(`${valueText(value)} is not the name of an image`, 'lower case: registry.example.org/name:tag');
    // `IFNAMSIZ` is 16. [Linux: include/uapi/linux/if.h; net/core/dev.c, dev_valid_name]
    if (base === 'flannel-iface' && !/^[^\s/:]{1,15}$/.test(value))
      return wrong(`${valueText(value)} is not the name of an interface`, 'leave it out: nodes have one interface');
    if (base === 'default-runtime' && !/^[A-Za-z0-9][\w.-]*$/.test(value))
      return wrong(`${valueText(value)} is not the name of a runtime`, 'for example nvidia');
    if (base === 'snapshotter' && !SNAPSHOTTERS.includes(value)) {
      const meant = value === 'overlay' || value === 'overlay2' ? 'overlayfs' : nearest(value, SNAPSHOTTERS);
      return meant === null ? [] : wrong(`is ${valueText(value)}`, `did you mean ${meant}?`);
    }
    return [];
  });
  const pair = ['image-credential-provider-config', 'image-credential-provider-bin-dir'] as const;
  const [given, ...more] = pair.filter((key) => config[key] !== undefined);
  if (given !== undefined && more.length === 0) {
    const other = pair.find((key) => key !== given) ?? '';
    // The kubelet needs both of these flags. [k8s source: pkg/kubelet/kubelet.go, RegisterCredentialProviderPlugins]
    violations.push({ path: [...path, given], message: `needs ${other}`, hint: 'set both' });
  }
  return violations;
}

/** Names of buckets. [docs: K3s, etcd-snapshot; S3, bucket naming rules] */
function s3(config: Config): Violation[] {
  const path = (key: string) => ['spec', 'k3s', 'config', key];
  const violations: Violation[] = [];
  const isOn = /^(true|t|1)$/i.test(String(config['etcd-s3']));
  if (isOn && config['etcd-s3-bucket'] === undefined && config['etcd-s3-config-secret'] === undefined)
    violations.push({
      path: path('etcd-s3'),
      message: 'needs a bucket',
      hint: 'add etcd-s3-bucket, or use spec.backup',
    });
  const bucket = config['etcd-s3-bucket'];
  if (typeof bucket === 'string' && bucket !== '' && !/^[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket))
    violations.push({
      path: path('etcd-s3-bucket'),
      message: `${valueText(bucket)} is not the name of a bucket`,
      hint: '3 to 63 lower-case letters, digits, dots and hyphens, for example shop-snapshots',
    });
  const region = config['etcd-s3-region'];
  if (typeof region === 'string' && /^[a-z]{2}(-[a-z]+)+-\d[a-z]$/.test(region))
    violations.push({
      path: path('etcd-s3-region'),
      message: `${valueText(region)} is a zone`,
      hint: `the region: ${region.slice(0, -1)}`,
    });
  const endpoint = config['etcd-s3-endpoint'];
  if (typeof endpoint === 'string' && endpoint.includes('/'))
    violations.push({
      path: path('etcd-s3-endpoint'),
      message: `${valueText(endpoint)} is an address, and K3s wants a host`,
      hint: 'for example s3.eu-west-1.amazonaws.com',
    });
  return violations;
}

/** Each needs a file system or a program that Amazon Linux 2023 does not bring; no pod of K3s starts without. [docs: containerd snapshotters] */
const OF_THE_IMAGE: Readonly<Record<string, string>> = {
  btrfs: 'a btrfs file system',
  devmapper: 'a thin pool of the device mapper',
  'fuse-overlayfs': 'the program fuse-overlayfs',
  zfs: 'a zfs file system',
};

function snapshotters({ k3s, image, servers, pools }: ClusterSpec): Violation[] {
  const groups = [
    { config: k3s.config, node: servers.node, path: ['spec', 'k3s', 'config'] },
    ...pools.map(({ config, node }, index) => ({ config, node, path: ['spec', 'pools', index, 'config'] })),
  ];
  return groups.flatMap(({ config, node, path }) => {
    const value = String(config['snapshotter']);
    const needs = Object.hasOwn(OF_THE_IMAGE, value) ? OF_THE_IMAGE[value] : undefined;
    if (needs === undefined || image !== undefined || node.before !== undefined) return [];
    const message = `${value} needs ${needs}, which Amazon Linux 2023 does not have`;
    return [{ path: [...path, 'snapshotter'], message, hint: 'leave it out, or name an image in spec.image' }];
  });
}

/** Files that K3s reads at its start and exits without. [k3s source: pkg/agent/flannel/setup.go, pkg/vpn] */
const READ_AT_START = ['flannel-conf', 'vpn-auth-file'];

function broughtFiles({ k3s, image, servers }: ClusterSpec): Violation[] {
  return READ_AT_START.flatMap((key) => {
    const file = k3s.config[key];
    if (typeof file !== 'string' || !file.startsWith('/')) return [];
    const isBrought =
      image !== undefined || servers.node.before !== undefined || servers.node.files.some(({ path }) => path === file);
    if (isBrought) return [];
    const message = `nothing brings the file ${valueText(file)}`;
    return [{ path: ['spec', 'k3s', 'config', key], message, hint: 'add it to spec.servers.node.files' }];
  });
}
