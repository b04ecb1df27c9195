import { type ComponentArg, componentArgs, lastArg } from '../component-args.js';
import type { ClusterSpec } from '../schema.js';
import type { Violation } from '../violation.js';
import type { Rule } from './rule.js';

type Args = readonly ComponentArg[];
type Group = { name: string } & Pick<ClusterSpec['servers'], 'node'>;

const API = 'kube-apiserver-arg';

/** Checks that something brings the files that entries of `kubelet-arg` and its like name. */
export const componentFiles: Rule = ({ spec }) => {
  const args = componentArgs(spec.k3s.config, ['spec', 'k3s', 'config']);
  const servers: Group = { name: 'spec.servers', node: spec.servers.node };
  const pools = spec.pools.map(({ node }, index): Group => ({ name: `spec.pools[${index}]`, node }));
  const own = spec.pools.flatMap(({ config }, index) => {
    const pool = componentArgs(config, ['spec', 'pools', index, 'config']);
    return configFiles(pool, ON_NODES, pools.slice(index, index + 1), spec);
  });
  return [
    ...apiFiles(args, spec),
    ...configFiles(args, ON_NODES, [servers, ...pools], spec),
    ...configFiles(args, ['kube-scheduler-arg'], [servers], spec),
    ...own,
  ];
};

/** Files that the API server reads at its start and exits without. [k8s source: apiserver/pkg/server/options; k8s.io: kube-apiserver reference] */
const FILES = [
  'admission-control-config-file',
  'audit-policy-file',
  'audit-webhook-config-file',
  'authentication-config',
  'authentication-token-webhook-config-file',
  'authorization-config',
  'authorization-policy-file',
  'authorization-webhook-config-file',
  'egress-selector-config-file',
  'encryption-provider-config',
  'oidc-ca-file',
  'service-account-key-file',
  'token-auth-file',
  'tracing-config-file',
];

function apiFiles(args: Args, { servers, image }: ClusterSpec): Violation[] {
  return FILES.flatMap((name) => {
    const arg = lastArg(args, API, name);
    const file = arg?.value ?? '';
    if (arg === undefined) return [];
    if (!file.startsWith('/'))
      return [
        {
          path: arg.path,
          message: `${name} is not an absolute path`,
          hint: `for example ${name}=/etc/rancher/k3s/${name}.yaml`,
        },
      ];
    // A custom image, or a script of the node, may bring it.
    const brought =
      image !== undefined || servers.node.before !== undefined || servers.node.files.some(({ path }) => path === file);
    if (brought || file.startsWith('/var/lib/rancher/k3s/server/manifests/')) return [];
    return [{ path: arg.path, message: `nothing brings the file ${file}`, hint: 'add it to spec.servers.node.files' }];
  });
}

/** Programs that run on every node. */
const ON_NODES = ['kubelet-arg', 'kube-proxy-arg'];

/** A program exits without the file of its `config`. [k8s.io: references of kubelet, kube-proxy and kube-scheduler] */
function configFiles(
  args: Args,
  programs: readonly string[],
  groups: readonly Group[],
  { image }: ClusterSpec,
): Violation[] {
  return programs.flatMap((key) => {
    const arg = lastArg(args, key, 'config');
    const file = arg?.value ?? '';
    // A custom image, K3s itself, or a script of the node, may bring it.
    if (arg === undefined || image !== undefined || file.startsWith('/var/lib/rancher/k3s/')) return [];
    const lacking = groups.find(
      ({ node }) => node.before === undefined && !node.files.some(({ path }) => path === file),
    );
    if (lacking === undefined) return [];
    return [
      { path: arg.path, message: `nothing brings the file ${file}`, hint: `add it to ${lacking.name}.node.files` },
    ];
  });
}
