import { CIPHER_SUITES } from '../../k3s/cipher-suites.js';
import { type ComponentKind, componentFlags, componentKind, GONE } from '../../k3s/component-flags.js';
import { parseCidr } from '../cidr.js';
import { type ComponentArg, componentArgs } from '../component-args.js';
import { nearest } from '../nearest.js';
import { isGoBoolean, isGoDuration, isQuantity } from '../quantity.js';
import { type Violation, valueText } from '../violation.js';
import type { Rule } from './rule.js';

/** Each suggestion compares a name with all flags of a program. */
const MOST_SUGGESTIONS = 20;

/**
 * Checks entries of `kubelet-arg` and its like that make a program of Kubernetes exit: removed or misspelt flags, and unreadable values.
 */
export const componentValues: Rule = ({ spec }) => {
  let suggestions = 0;
  return componentArgs(spec.k3s.config, ['spec', 'k3s', 'config']).flatMap((arg) => {
    const gone = ownEntry(GONE[arg.key], arg.name);
    if (gone !== undefined) return [{ path: arg.path, message: `${arg.name} is gone from Kubernetes`, hint: gone }];
    const kind = componentKind(arg.key, arg.name);
    if (kind !== undefined) return [...check(arg, kind), ...choice(arg)];
    // An unquoted entry with a comma becomes two in a list within brackets.
    if (/[A-Z]/.test(arg.name) && arg.value === null)
      return [{ path: arg.path, message: `${arg.name} is not a flag`, hint: 'put an entry that has commas in quotes' }];
    suggestions += 1;
    const meant = suggestions > MOST_SUGGESTIONS ? null : nearest(arg.name, componentFlags(arg.key));
    // A flag of a letter or two more belongs to a release outside of the table; a suggestion for a short name would be chance.
    if (meant === null || arg.name.length < 6) return [];
    return [{ path: arg.path, message: `has the flag ${arg.name}`, hint: `did you mean ${meant}?` }];
  });
};

const ownEntry = <Value>(table: Readonly<Record<string, Value>> | undefined, key: string): Value | undefined =>
  table !== undefined && Object.hasOwn(table, key) ? table[key] : undefined;

function check({ name, value, path }: ComponentArg, kind: ComponentKind): Violation[] {
  if (value === null)
    return kind === 'flag' ? [] : [{ path, message: `${name} has no value`, hint: `${name}=${EXAMPLE[kind]}` }];
  return READS[kind](value)
    ? []
    : [{ path, message: `${name} is ${valueText(value)}`, hint: `for example ${name}=${EXAMPLE[kind]}` }];
}

const pairs = (text: string): [string, string][] =>
  text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [key = '', ...rest] = part.split('=');
      return [key.trim(), rest.join('=').trim()];
    });

/** Only what is surely none: K3s reads networks of IPv6, too. */
const isNetwork = (word: string): boolean =>
  word.trim() === 'primary' || word.includes(':') || parseCidr(word.trim()) !== null;

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage', 'pid'];
/** Signals of the kubelet's eviction. [k8s.io: node-pressure eviction, eviction signals] */
const SIGNAL =
  /^\s*(memory\.available|allocatableMemory\.available|pid\.available|(nodefs|imagefs|containerfs)\.(available|inodesFree))<(.+)$/;

function isThreshold(text: string): boolean {
  const amount = SIGNAL.exec(text)?.[4]?.trim();
  if (amount === undefined) return false;
  return amount.endsWith('%') ? /^\d{1,2}(\.\d+)?%$|^100%$/.test(amount) : isQuantity(amount);
}

const READS: Readonly<Record<ComponentKind, (value: string) => boolean>> = {
  flag: isGoBoolean,
  number: (value) => /^-?\d+(\.\d+)?$/.test(value),
  duration: isGoDuration,
  quantity: isQuantity,
  resources: (value) => pairs(value).every(([key, amount]) => RESOURCES.includes(key) && isQuantity(amount)),
  gates: (value) => pairs(value).every(([key, on]) => /^[A-Za-z][A-Za-z0-9]*$/.test(key) && isGoBoolean(on)),
  thresholds: (value) => value.trim() === '' || value.split(',').every(isThreshold),
  text: () => true,
};

/** `pattern=level` by commas, as klog reads it; the program exits otherwise. [klog source: moduleSpec.Set] */
export const isVmodule = (text: string): boolean =>
  text.split(',').every((part) => part === '' || /^[^=\s]+=\d{1,9}$/.test(part));

const EXAMPLE: Readonly<Record<ComponentKind, string>> = {
  flag: 'true',
  number: '100',
  duration: '30s',
  quantity: '10Mi',
  resources: 'cpu=500m,memory=512Mi',
  gates: 'NodeSwap=true',
  thresholds: 'memory.available<100Mi,nodefs.available<10%',
  text: 'value',
};

const TLS = ['VersionTLS10', 'VersionTLS11', 'VersionTLS12', 'VersionTLS13'];
const CLOUDS = ['external'];
const LOG_FORMATS = ['text', 'json'];
const AUDIT_MODES = ['batch', 'blocking', 'blocking-strict'];
const ALLOCATABLE =
  'none pods system-reserved system-reserved-compressible kube-reserved kube-reserved-compressible'.split(' ');

/** Flags with a fixed set of words, one or several of them. [as for the table of flags] */
const CHOICES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  'kubelet-arg': {
    'authorization-mode': ['AlwaysAllow', 'Webhook'],
    'cgroup-driver': ['cgroupfs', 'systemd'],
    // Built-in providers ended with 1.31, that of AWS with 1.27.
    'cloud-provider': CLOUDS,
    'cpu-manager-policy': ['none', 'static'],
    'enforce-node-allocatable': ALLOCATABLE,
    'logging-format': LOG_FORMATS,
    'memory-manager-policy': ['None', 'Static'],
    'tls-cipher-suites': CIPHER_SUITES,
    'tls-min-version': TLS,
    'topology-manager-policy': ['none', 'best-effort', 'restricted', 'single-numa-node'],
    'topology-manager-scope': ['container', 'pod'],
  },
  'kube-apiserver-arg': {
    'audit-log-format': ['json', 'legacy'],
    'storage-backend': ['etcd3'],
    'oidc-signing-algs': ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512', 'PS256', 'PS384', 'PS512'],
    'audit-log-mode': AUDIT_MODES,
    'audit-webhook-mode': AUDIT_MODES,
    'authorization-mode': ['AlwaysAllow', 'AlwaysDeny', 'ABAC', 'Webhook', 'RBAC', 'Node'],
    'endpoint-reconciler-type': ['master-count', 'lease', 'none'],
    'logging-format': LOG_FORMATS,
    'tls-cipher-suites': CIPHER_SUITES,
    'tls-min-version': TLS,
  },
  'kube-controller-manager-arg': {
    'cloud-provider': CLOUDS,
    'logging-format': LOG_FORMATS,
    'tls-cipher-suites': CIPHER_SUITES,
    'tls-min-version': TLS,
  },
  'kube-scheduler-arg': { 'logging-format': LOG_FORMATS, 'tls-cipher-suites': CIPHER_SUITES, 'tls-min-version': TLS },
  'kube-proxy-arg': {
    'detect-local-mode': ['ClusterCIDR', 'NodeCIDR', 'BridgeInterface', 'InterfaceNamePrefix'],
    'logging-format': LOG_FORMATS,
    'proxy-mode': ['iptables', 'ipvs', 'nftables'],
  },
  'etcd-arg': {
    'auto-compaction-mode': ['periodic', 'revision'],
    'cipher-suites': CIPHER_SUITES,
    'log-level': ['debug', 'info', 'warn', 'error', 'panic', 'fatal'],
    metrics: ['basic', 'extensive'],
  },
};

/** Admission plugins. [k8s.io: admission control in Kubernetes] */
const PLUGINS =
  'AlwaysAdmit AlwaysDeny AlwaysPullImages CertificateApproval CertificateSigning CertificateSubjectRestriction ClusterTrustBundleAttest DefaultIngressClass DefaultStorageClass DefaultTolerationSeconds DenyServiceExternalIPs EventRateLimit ExtendedResourceToleration ImagePolicyWebhook LimitPodHardAntiAffinityTopology LimitRanger MutatingAdmissionPolicy MutatingAdmissionWebhook NamespaceAutoProvision NamespaceExists NamespaceLifecycle NodeRestriction OwnerReferencesPermissionEnforcement PersistentVolumeClaimResize PersistentVolumeLabel PodNodeSelector PodSecurity PodTolerationRestriction PodTopologyLabels Priority ResourceQuota RuntimeClass ServiceAccount StorageObjectInUseProtection TaintNodesByCondition ValidatingAdmissionPolicy ValidatingAdmissionWebhook'.split(
    ' ',
  );
const GONE_PLUGINS: Readonly<Record<string, string>> = {
  PodSecurityPolicy: 'use PodSecurity, which is on by default',
  SecurityContextDeny: 'use PodSecurity, which is on by default',
};

function choice({ key, name, value, path }: ComponentArg): Violation[] {
  if (value === null || value === '') return [];
  if (name === 'runtime-config' && !pairs(value).every(([, on]) => on === '' || isGoBoolean(on)))
    return [{ path, message: `runtime-config is ${valueText(value)}`, hint: 'for example api/beta=true' }];
  // [k8s source: apiserver/pkg/server/options, "--goaway-chance can not be less than 0 or greater than 0.02"]
  if (name === 'goaway-chance' && !(Number(value) >= 0 && Number(value) <= 0.02))
    return [{ path, message: `goaway-chance is ${valueText(value)}`, hint: 'from 0 to 0.02' }];
  if (name === 'vmodule' && !isVmodule(value))
    return [{ path, message: `vmodule is ${valueText(value)}`, hint: 'pattern=level, for example vmodule=garbage*=4' }];
  // [k8s source: pkg/proxy/apis/config/validation, validateKubeProxyNodePortAddress]
  const ports = name === 'nodeport-addresses' ? value.split(',').find((word) => !isNetwork(word)) : undefined;
  if (ports !== undefined)
    return [
      { path, message: `nodeport-addresses has ${valueText(ports)}`, hint: 'primary, or networks as 10.0.0.0/8' },
    ];
  const words = value.split(',').map((word) => word.trim());
  if (/^(enable|disable)-admission-plugins$/.test(name) && key === 'kube-apiserver-arg')
    return words.slice(0, MOST_SUGGESTIONS).flatMap((word) => plugin(word, path));
  const known = ownEntry(CHOICES[key], name);
  const wrong = words.find((word) => known !== undefined && !known.includes(word));
  if (wrong === undefined || known === undefined) return [];
  const meant = known.length > 10 ? nearest(wrong, known) : null;
  const some = known.length > 10 ? `for example ${known[0]}` : `one of ${known.join(', ')}`;
  const hint = meant === null ? some : `did you mean ${meant}?`;
  return [{ path, message: `${name} is ${valueText(wrong)}`, hint }];
}

function plugin(word: string, path: (string | number)[]): Violation[] {
  const gone = ownEntry(GONE_PLUGINS, word);
  if (gone !== undefined) return [{ path, message: `${word} is gone from Kubernetes`, hint: gone }];
  const meant = PLUGINS.includes(word) ? null : nearest(word, PLUGINS);
  return meant === null ? [] : [{ path, message: `has the plugin ${valueText(word)}`, hint: `did you mean ${meant}?` }];
}
