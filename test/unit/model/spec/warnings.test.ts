import { describe, expect, it } from 'vitest';
import { violationText } from '#src/model/spec/violation.js';
import { warningsOf } from '#src/model/spec/warnings.js';
import { pool, valid } from './sample.js';

const config = (fields: Record<string, unknown>, spec: Record<string, unknown> = {}) =>
  valid({ k3s: { version: 'v1.34.2+k3s1', config: fields }, ...spec });
const CILIUM = 'apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: { name: cilium }\nspec:\n  chart: cilium\n';
const withManifest = (fields: Record<string, unknown>) =>
  valid({ k3s: { version: 'v1.34.2+k3s1', config: fields, manifests: [{ name: 'cilium', content: CILIUM }] } });
const subnets = (count: number) => ({
  network: { subnetIds: ['a', 'b', 'c'].slice(0, count).map((letter) => `subnet-0000000${letter}`) },
});

describe('warnings', () => {
  it.each([
    ['three servers in one subnet', valid(subnets(1)), /^spec\.network\.subnetIds: all 3 servers are in one subnet/],
    [
      'host-gw across subnets',
      config({ 'flannel-backend': 'host-gw' }, subnets(3)),
      /^spec\.k3s\.config\.flannel-backend: pods reach only/,
    ],
    ['a CNI of one’s own', config({ 'flannel-backend': 'none' }), /no node becomes Ready before a CNI/],
    [
      'small servers',
      valid({ servers: { instanceType: 't3.micro' } }),
      /^spec\.servers\.instanceType: t3\.micro has 1 GiB/,
    ],
    [
      'small agents',
      valid({ pools: [pool({ instanceType: 't4g.nano' })] }),
      /^spec\.pools\[0\]\.instanceType: t4g\.nano/,
    ],
    [
      'a bucket without etcd-s3',
      config({ 'etcd-s3-bucket': 'shop-snapshots' }),
      /etcd-s3-bucket: has no effect \(set etcd-s3: true\)/,
    ],
    [
      'a flag of a program twice',
      config({ 'kubelet-arg': ['max-pods=100', 'max-pods=120'] }),
      /kubelet-arg\[0\]: max-pods is set again below/,
    ],
    [
      'an audit log without a policy',
      config({ 'kube-apiserver-arg': ['audit-log-path=/var/log/audit.log'] }),
      /nothing is logged without a policy/,
    ],
    [
      'a kubelet that answers everybody',
      config({ 'kubelet-arg': ['anonymous-auth=true'] }),
      /^spec\.k3s\.config\.kubelet-arg\[0\]: anonymous-auth=true lets the kubelet answer callers without a name \(leave it out: K3s has false\)$/,
    ],
    [
      'a kubelet that answers everybody, in short',
      config({ 'kubelet-arg': ['anonymous-auth'] }),
      /anonymous-auth lets/,
    ],
    [
      'a kubelet that obeys everybody',
      config({ 'kubelet-arg': ['authorization-mode=AlwaysAllow'] }),
      /authorization-mode=AlwaysAllow lets each caller of the kubelet run commands/,
    ],
    [
      'a port of the kubelet without TLS, in a pool',
      valid({ pools: [pool({ config: { 'kubelet-arg': ['read-only-port=10255'] } })] }),
      /^spec\.pools\[0\]\.config\.kubelet-arg\[0\]: read-only-port=10255 serves pods/,
    ],
    [
      'connections that stay open',
      config({ 'kubelet-arg': ['streaming-connection-idle-timeout=0s'] }),
      /streaming-connection-idle-timeout=0s keeps idle connections/,
    ],
    [
      'an API that obeys everybody',
      config({ 'kube-apiserver-arg': ['authorization-mode=Node,AlwaysAllow'] }),
      /kube-apiserver-arg\[0\]: authorization-mode=Node,AlwaysAllow lets each caller/,
    ],
    [
      'admission that refuses nothing',
      config({ 'kube-apiserver-arg': ['enable-admission-plugins=NodeRestriction,AlwaysAdmit'] }),
      /names AlwaysAdmit, which refuses nothing/,
    ],
    [
      'controllers with all rights',
      config({ 'kube-controller-manager-arg': ['use-service-account-credentials=false'] }),
      /gives all controllers the rights/,
    ],
    [
      'profiles of the scheduler',
      config({ 'kube-scheduler-arg': ['profiling=true'] }),
      /profiling=true serves profiles/,
    ],
    ['services that nothing routes', config({ 'disable-kube-proxy': true }), /no pod reaches a service/],
    [
      'flags of a kube-proxy that does not run',
      withManifest({ 'disable-kube-proxy': true, 'kube-proxy-arg': ['proxy-mode=nftables'] }),
      /kube-proxy-arg\[0\]: has no effect/,
    ],
    [
      'more pods than addresses',
      config({ 'kube-controller-manager-arg': ['node-cidr-mask-size=26'] }),
      /the \/26 of each node has addresses for 61 pods/,
    ],
    [
      'flags of a Flannel that does not run',
      withManifest({ 'flannel-backend': 'none', 'flannel-iface': 'ens5' }),
      /flannel-iface: has no effect/,
    ],
    ['masquerading of IPv6', config({ 'flannel-ipv6-masq': true }), /flannel-ipv6-masq: has no effect/],
    [
      'a private key in a file',
      valid({
        servers: {
          instanceType: 't3.medium',
          node: { files: [{ path: '/etc/key.pem', content: '-----BEGIN RSA PRIVATE KEY-----\nabc\n' }] },
        },
      }),
      /files\[0\]\.path: holds a private key/,
    ],
    [
      'a password of a registry',
      valid({
        pools: [
          pool({
            node: {
              files: [
                {
                  path: '/etc/rancher/k3s/registries.yaml',
                  content: 'configs:\n  r.example.org:\n    auth: { username: shop, password: abc }\n',
                },
              ],
            },
          }),
        ],
      }),
      /files\[0\]\.path: holds a password/,
    ],
    [
      'a provider without encryption',
      config({ 'secrets-encryption': false, 'secrets-encryption-provider': 'secretbox' }),
      /has no effect \(set secrets-encryption: true\)/,
    ],
    ['Docker that the image does not have', config({ docker: true }), /needs Docker in the image/],
    [
      'an old name',
      config({ 'kube-controller-arg': ['v=2'] }),
      /is an old name .* \(use kube-controller-manager-arg\)/,
    ],
    [
      'the API open to the world',
      valid({ access: { apiCidrs: ['0.0.0.0/0'] } }),
      /^spec\.access\.apiCidrs\[0\]: opens port 6443/,
    ],
    [
      'more networks than a group takes',
      valid({ access: { apiCidrs: Array.from({ length: 60 }, (_, index) => `10.9.${index}.0/24`) } }),
      /^spec\.access\.apiCidrs: .* up to 64 rules, and AWS allows 60/,
    ],
    ['pods in a network of others', config({ 'cluster-cidr': '8.8.0.0/16' }), /cluster-cidr: is not a private network/],
    [
      'an interface that is not there',
      config({ 'flannel-iface': 'eth0' }),
      /flannel-iface: most instance types call it/,
    ],
    [
      'a release that the table does not know',
      valid({ k3s: { version: 'v1.99.0+k3s1', config: { debug: true } } }),
      /the flags of K3s v1\.99\.0\+k3s1 are not known here/,
    ],
  ])('tell of %s, with what to do, and do not refuse it', (_what, document, expected) => {
    const texts = warningsOf(document).map(violationText);

    expect(texts).toHaveLength(1);
    expect(texts[0]).toMatch(expected);
    expect(texts[0]).toMatch(/\)$/);
  });

  it.each([
    ['nothing unusual', valid({ pools: [pool()] })],
    ['host-gw in one subnet', config({ 'flannel-backend': 'host-gw' }, { mode: 'dev', ...subnets(1) })],
    ['host-gw on one node', config({ 'flannel-backend': 'host-gw' }, { mode: 'dev' })],
    ['S3 that is on', config({ 'etcd-s3': '1', 'etcd-s3-bucket': 'shop-snapshots' })],
    ['Docker in an image of one’s own', config({ docker: true }, { image: { id: 'ami-12345678' } })],
    ['three servers in three subnets', valid(subnets(3))],
    [
      'a kubelet that is closed',
      config({
        'kubelet-arg': [
          'anonymous-auth=false',
          'authorization-mode=Webhook',
          'read-only-port=0',
          'streaming-connection-idle-timeout=5m',
        ],
      }),
    ],
    ['an API that is closed', config({ 'kube-apiserver-arg': ['authorization-mode=Node,RBAC', 'profiling=false'] })],
  ])('are silent about %s', (_what, document) => {
    expect(warningsOf(document)).toEqual([]);
  });
});
